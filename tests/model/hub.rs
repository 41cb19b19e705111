//! What a hub should do, said with lists: who has a mailbox, what is in it, and what each connection gets next.

use std::collections::{BTreeMap, VecDeque};

use super::Seq;
use super::database::{Answer, Database};
use super::event::{Class, Sent};
use super::list::{Entry, Limits, List, Refused};

pub(crate) type User = &'static str;

/// How a hub of the test is built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) absent_users: usize,
    pub(crate) has_source: bool,
    /// How many bytes all logs may take together.
    pub(crate) memory: usize,
}

pub(crate) const CONNECTIONS_PER_USER: usize = 2;
pub(crate) const RETENTION: u64 = 15;
pub(crate) const LOAD_DEADLINE: u64 = 5;
pub(crate) const HEARTBEAT: u64 = 9;
/// How many users of each book are swept in passing.
const SWEEP: usize = 2;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Queued(usize),
    Kept,
    NoAudience,
    Stale,
    Refused(Refused),
}

/// What became of a broadcast, and of each of its events: whether it is in, whether it is encoded.
#[derive(Debug)]
pub(crate) struct Became {
    pub(crate) outcome: Expected,
    pub(crate) is_kept: Vec<bool>,
    pub(crate) encoded: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Never,
    Running { failures: u32 },
    Done { is_complete: bool },
    Failed { failures: u32, retry: u64 },
}

impl Load {
    const fn failures(self) -> u32 {
        match self {
            Self::Running { failures } | Self::Failed { failures, .. } => failures,
            Self::Never | Self::Done { .. } => 0,
        }
    }

    fn failed(self, now: u64) -> Self {
        let failures = self.failures();
        Self::Failed { failures: failures + 1, retry: now + (1 << failures.min(5)).min(30) }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Never => "none",
            Self::Done { is_complete: true } => "loaded",
            _ => "failed",
        }
    }
}

/// A connection, as its mailbox knows it.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) id: u64,
    pub(crate) closing: Option<u16>,
    pinged: Option<u64>,
    /// The load that it waits for.
    loading: Option<usize>,
    /// It has everything, and waits to be woken; whether it was.
    pub(crate) is_parked: bool,
    pub(crate) is_woken: bool,
    /// It has had everything when it was asked last.
    has_waited: bool,
}

impl Reader {
    fn wake(&mut self) {
        self.is_woken |= std::mem::take(&mut self.is_parked);
    }
}

#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) list: List,
    /// As CONNECTED has named it.
    pub(crate) epoch: Option<String>,
    keeps_log: bool,
    pub(crate) readers: Vec<Reader>,
    last_used: u64,
    /// Its place in the books of users without a connection.
    entry: Option<(u64, u64)>,
    /// What the hub's account has of it: what it weighed when it was last touched.
    pub(crate) accounted: usize,
    load: Load,
    loading: Option<usize>,
}

impl Mailbox {
    fn wake(&mut self) {
        self.readers.iter_mut().for_each(Reader::wake);
    }

    fn account(&mut self) {
        self.accounted = self.list.bytes();
    }

    fn open(&self) -> usize {
        self.readers.iter().filter(|reader| reader.closing.is_none()).count()
    }

    pub(crate) fn reader(&mut self, id: u64) -> &mut Reader {
        self.readers.iter_mut().find(|reader| reader.id == id).unwrap()
    }
}

/// A call of the host's StateSource.
#[derive(Debug)]
struct Loading {
    user: User,
    deadline: u64,
    /// What it comes to, once it was called; whether it is there.
    answer: Option<Option<Vec<Sent>>>,
    is_ready: bool,
    is_taken: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Begin {
    New {
        log_records: usize,
    },
    /// A new device that was registered when the list had come to this place.
    Since(Seq),
    After {
        is_epoch: bool,
        seq: Seq,
    },
    Unknown,
}

/// One frame that a connection has to get.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    Connected { after: Option<Seq>, recovered: bool, last_log: Seq },
    Record { entry: Entry, cursor: Option<Seq> },
    Gap { from: Option<Seq>, to: Option<Seq>, last_log: Seq },
    Reset,
    Synced { seq: Seq, last_log: Seq, source: &'static str },
    Heartbeat { seq: Seq, last_log: Seq },
    Closing(u16),
}

impl Due {
    fn group(&self) -> Option<Seq> {
        if let Self::Record { entry, .. } = self { entry.group } else { None }
    }
}

pub(crate) enum Next {
    Frame(Due),
    Waits,
    End,
}

/// What a list was when a batch was taken from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    pub(crate) head: Seq,
    pub(crate) current: BTreeMap<(String, String), u64>,
    /// For a device that starts here, Log up to this is not its own; `None` for one that goes on.
    pub(crate) start: Option<Seq>,
}

/// A connection's way through a list.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) user: User,
    begin: Option<Begin>,
    position: Seq,
    carried: Option<Seq>,
    due: VecDeque<Due>,
    open_group: Option<Seq>,
    pub(crate) heartbeat: Option<u64>,
    next_heartbeat: Option<u64>,
    heartbeat_due: bool,
    valid_until: Option<u64>,
    closes_when_slow: bool,
    log_deadline: Option<u64>,
    closing: Option<u16>,
    is_over: bool,
    pub(crate) taken: Option<Taken>,
}

impl Line {
    /// Whether the frame before was the last of a batch that is whole.
    pub(crate) fn is_end_of_batch(&self) -> bool {
        self.due.is_empty() && self.closing.is_none()
    }

    /// Whether it would find nothing.
    fn has_everything(&self, list: &List) -> bool {
        self.begin.is_none() && self.position == list.head() && !self.heartbeat_due && self.closing.is_none()
    }

    /// Ends it: what is left of an open group, and CLOSING.
    pub(crate) fn close(&mut self, code: u16) {
        if self.is_over || self.closing.is_some() {
            return;
        }
        let group = self.open_group;
        let rest = self.due.iter().take_while(|due| group.is_some() && due.group() == group).count();
        self.due.truncate(rest);
        self.closing = Some(code);
    }

    fn records(&mut self, entries: Vec<&Entry>, carries_before_log: bool) {
        let mut carries = carries_before_log;
        for (at, entry) in entries.iter().enumerate() {
            carries |= entry.is_log();
            let is_last = entry.group.is_none() || entries.get(at + 1).is_none_or(|next| next.group != entry.group);
            let to = entry.group.unwrap_or(entry.seq);
            let moves = carries && is_last && self.carried.is_none_or(|carried| carried < to);
            if moves {
                self.carried = Some(to);
            }
            self.due.push_back(Due::Record { entry: (*entry).clone(), cursor: moves.then_some(to) });
        }
    }

    fn go_on(&mut self, list: &List, floor: Seq) -> bool {
        if self.position < list.log_floor {
            self.due.push_back(Due::Gap { from: Some(self.position + 1), to: Some(floor), last_log: floor });
        }
        let is_reset = self.position < list.state_floor;
        let mut left = list.left_above(self.position);
        if is_reset {
            self.due.push_back(Due::Reset);
            left = list.left_above(0);
            let position = self.position;
            left.retain(|entry| entry.is_live() || entry.is_log() && entry.seq > position);
        }
        left.retain(|entry| !entry.is_log() || entry.seq > floor);
        self.records(left, true);
        is_reset
    }

    fn take(&mut self, list: &List, source: &'static str) {
        let mut taken = Taken { head: list.head(), current: list.current(), start: None };
        let is_synced = match self.begin.take() {
            None if self.position < list.log_floor && self.closes_when_slow => {
                self.close(3008);
                return;
            }
            None => self.go_on(list, list.log_floor),
            Some(Begin::Since(start)) => {
                taken.start = Some(start);
                let is_overrun = start < list.log_floor;
                let last_log = if is_overrun { 0 } else { list.last_log_at(start) };
                self.due.push_back(Due::Connected { after: None, recovered: false, last_log });
                if is_overrun {
                    let floor = list.log_floor;
                    self.due.push_back(Due::Gap { from: Some(start + 1), to: Some(floor), last_log: floor });
                }
                let mut left = list.left_above(0);
                left.retain(|entry| entry.is_live() || entry.is_log() && entry.seq > start);
                self.records(left, false);
                true
            }
            Some(Begin::After { seq, .. }) => {
                (self.position, self.carried) = (seq, Some(seq));
                let is_overrun = seq < list.log_floor;
                let last_log = if is_overrun { 0 } else { list.last_log_at(seq) };
                self.due.push_back(Due::Connected { after: Some(seq), recovered: true, last_log });
                let to_the_present = is_overrun && self.closes_when_slow;
                self.go_on(list, if to_the_present { list.last_log() } else { list.log_floor });
                true
            }
            Some(_) => {
                taken.start = Some(0);
                let to = (list.log_floor > 0).then_some(list.log_floor);
                self.due.push_back(Due::Connected { after: None, recovered: false, last_log: 0 });
                self.due.push_back(Due::Gap { from: None, to, last_log: list.log_floor });
                self.records(list.left_above(0), true);
                true
            }
        };
        let (seq, last_log) = (list.head(), list.last_log());
        let is_open = matches!(self.due.back(), Some(Due::Record { entry, .. })
            if entry.group.is_some_and(|group| group != entry.seq));
        if is_synced {
            self.due.push_back(Due::Synced { seq, last_log, source });
        }
        if std::mem::take(&mut self.heartbeat_due) || (is_open && !is_synced) {
            self.due.push_back(Due::Heartbeat { seq, last_log });
        }
        if matches!(self.due.back(), Some(Due::Synced { .. } | Due::Heartbeat { .. })) {
            self.carried = Some(seq);
        }
        self.position = list.head();
        self.taken = Some(taken);
    }
}

/// How a connection is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub(crate) heartbeat: Option<u64>,
    pub(crate) valid_until: Option<u64>,
    pub(crate) closes_when_slow: bool,
}

#[derive(Debug)]
pub(crate) struct Hub {
    setup: Setup,
    limits: Limits,
    public: List,
    pub(crate) boxes: BTreeMap<User, Mailbox>,
    leaving: BTreeMap<(u64, u64), User>,
    absent: BTreeMap<(u64, u64), User>,
    serial: u64,
    loads: Vec<Loading>,
    /// How often the StateSource was called.
    pub(crate) calls: usize,
}

impl Hub {
    pub(crate) fn new(setup: Setup, limits: Limits) -> Self {
        Self {
            setup,
            limits,
            public: List::new(limits, true),
            boxes: BTreeMap::new(),
            leaving: BTreeMap::new(),
            absent: BTreeMap::new(),
            serial: 0,
            loads: Vec::new(),
            calls: 0,
        }
    }

    fn new_mailbox(&self, now: u64) -> Mailbox {
        Mailbox {
            list: List::new(self.limits, false),
            epoch: None,
            keeps_log: false,
            readers: Vec::new(),
            last_used: now,
            entry: None,
            accounted: 0,
            load: Load::Never,
            loading: None,
        }
    }

    pub(crate) fn connections(&self) -> usize {
        self.boxes.values().map(|mailbox| mailbox.readers.len()).sum()
    }

    fn book(&mut self, user: User, since: u64, is_absent: bool) {
        self.serial += 1;
        let entry = (since, self.serial);
        if is_absent {
            self.absent.insert(entry, user)
        } else {
            self.leaving.insert(entry, user)
        };
        self.boxes.get_mut(user).unwrap().entry = Some(entry);
    }

    /// What all logs weigh together.
    pub(crate) fn bytes(&self) -> usize {
        self.boxes.values().map(|mailbox| mailbox.accounted).sum()
    }

    /// A few of those whose time has come: their Log goes, then the least recently used State. Over the budget, who has
    /// been away for longest goes before the time has come.
    fn sweep(&mut self, now: u64) {
        let mut swept = false;
        for _ in 0..SWEEP {
            let is_over = self.bytes() > self.setup.memory;
            let is_due = |since: u64| is_over || now - since >= RETENTION;
            let Some(first) = self.leaving.first_entry().filter(|first| is_due(first.key().0)) else { break };
            let user = first.remove();
            swept = true;
            let mailbox = self.boxes.get_mut(user).unwrap();
            mailbox.list.retire();
            mailbox.account();
            (mailbox.epoch, mailbox.keeps_log, mailbox.entry) = (None, false, None);
            if self.setup.absent_users > 0 && mailbox.list.has_own_state() {
                let since = mailbox.last_used;
                self.book(user, since, true);
            } else {
                self.boxes.remove(user);
            }
        }
        for _ in 0..SWEEP {
            let is_over = !swept && self.bytes() > self.setup.memory;
            if !is_over && self.absent.len() <= self.setup.absent_users {
                break;
            }
            let Some(((since, _), user)) = self.absent.pop_first() else { break };
            swept = true;
            let last_used = self.boxes[user].last_used;
            if last_used > since {
                self.book(user, last_used, true);
            } else {
                self.boxes.remove(user);
            }
        }
    }

    fn catch_up(&mut self, user: User, now: u64) -> &mut Mailbox {
        let mailbox = self.boxes.get_mut(user).unwrap();
        mailbox.list.take_over(&self.public, mailbox.keeps_log, now);
        mailbox
    }

    pub(crate) fn send(&mut self, user: User, events: &[Sent], now: u64) -> Became {
        self.sweep(now);
        let none = |outcome, encoded| Became { outcome, is_kept: vec![false; events.len()], encoded };
        let is_state = |event: &&Sent| event.is_state();
        let has_audience = match self.boxes.get(user) {
            Some(mailbox) => mailbox.keeps_log || events.iter().any(|event| is_state(&event)),
            None => {
                let sets_state = events.iter().any(|event| matches!(event.class, Class::Live | Class::Final));
                self.setup.absent_users > 0 && sets_state
            }
        };
        if !has_audience {
            return none(Expected::NoAudience, 0);
        }
        if let Some(flawed) = events.iter().position(|event| event.flaw.is_some()) {
            if self.boxes.contains_key(user) && events.iter().any(|event| event.is_state()) {
                let mailbox = self.catch_up(user, now);
                let mut is_news = false;
                for event in events.iter().filter(is_state) {
                    is_news |= mailbox.list.remove(event.thing(), "rejected", now);
                }
                if is_news {
                    mailbox.wake();
                }
                mailbox.account();
            }
            return none(Expected::Refused(Refused::Encoding), flawed + 1);
        }
        if !self.boxes.contains_key(user) {
            let mailbox = self.new_mailbox(now);
            self.boxes.insert(user, mailbox);
        }
        let head = self.boxes[user].list.head();
        let mailbox = self.catch_up(user, now);
        mailbox.list.pass(now);
        let keeps_log = mailbox.keeps_log;
        let heard = |event: &&Sent| keeps_log || event.is_state();
        let kept: Vec<Sent> = events.iter().filter(heard).cloned().collect();
        let appended = mailbox.list.append(&kept, now);
        mailbox.last_used = now;
        if mailbox.list.head() > head {
            mailbox.wake();
        }
        mailbox.account();
        let open = mailbox.open();
        if mailbox.readers.is_empty() && mailbox.entry.is_none() {
            self.book(user, now, true);
        }
        match appended {
            Err(refused) => none(Expected::Refused(refused), events.len()),
            Ok((is_in, stale)) => {
                let mut is_in = is_in.into_iter();
                let is_kept: Vec<bool> = events.iter().map(|e| heard(&e) && is_in.next().unwrap()).collect();
                Became { outcome: outcome(&is_kept, stale, open), is_kept, encoded: events.len() }
            }
        }
    }

    pub(crate) fn send_to_all(&mut self, events: &[Sent], now: u64) -> Became {
        self.sweep(now);
        self.public.pass(now);
        let flawed = events.iter().position(|event| event.flaw.is_some());
        let appended = match flawed {
            None => self.public.append(events, now),
            Some(_) => {
                for event in events.iter().filter(|event| event.is_state()) {
                    self.public.remove(event.thing(), "rejected", now);
                }
                Err(Refused::Encoding)
            }
        };
        self.boxes.values_mut().for_each(Mailbox::wake);
        let encoded = flawed.map_or(events.len(), |flawed| flawed + 1);
        match appended {
            Err(refused) => Became { outcome: Expected::Refused(refused), is_kept: vec![false; events.len()], encoded },
            Ok((is_kept, stale)) => Became { outcome: outcome(&is_kept, stale, self.connections()), is_kept, encoded },
        }
    }

    /// `begin` is told the epoch of the mailbox, if anybody was.
    pub(crate) fn connect(
        &mut self,
        user: User,
        id: u64,
        begin: impl FnOnce(Option<&str>) -> Begin,
        how: How,
        now: u64,
    ) -> Line {
        self.sweep(now);
        if !self.boxes.contains_key(user) {
            let mailbox = self.new_mailbox(now);
            self.boxes.insert(user, mailbox);
        }
        let mailbox = self.catch_up(user, now);
        if mailbox.list.pass(now) {
            mailbox.wake();
        }
        mailbox.account();
        // From here on no Log passes it by, however late it asks.
        let begin = match begin(mailbox.epoch.as_deref()) {
            Begin::New { log_records } => Begin::Since(mailbox.list.before_last(log_records)),
            Begin::After { is_epoch: true, seq } if seq <= mailbox.list.head() => Begin::After { is_epoch: true, seq },
            // Also if the list comes as far as the cursor before it asks.
            _ => Begin::Unknown,
        };
        let entry = mailbox.entry.take();
        entry.into_iter().for_each(|entry| {
            self.leaving.remove(&entry);
            self.absent.remove(&entry);
        });
        let mailbox = self.boxes.get_mut(user).unwrap();
        if mailbox.open() >= CONNECTIONS_PER_USER {
            let open = mailbox.readers.iter_mut().filter(|reader| reader.closing.is_none());
            let displaced = open.min_by_key(|reader| (reader.pinged.is_none(), reader.pinged)).unwrap();
            displaced.closing = Some(3504);
            displaced.wake();
        }
        mailbox.keeps_log = true;
        let loading = if self.setup.has_source { self.join_load(user, now) } else { None };
        let reader =
            Reader { id, closing: None, pinged: None, loading, is_parked: false, is_woken: false, has_waited: false };
        self.boxes.get_mut(user).unwrap().readers.push(reader);
        Line {
            id,
            user,
            begin: Some(begin),
            position: 0,
            carried: None,
            due: VecDeque::new(),
            open_group: None,
            heartbeat: how.heartbeat,
            next_heartbeat: how.heartbeat.map(|interval| now + interval),
            heartbeat_due: false,
            valid_until: how.valid_until,
            closes_when_slow: how.closes_when_slow,
            log_deadline: None,
            closing: None,
            is_over: false,
            taken: None,
        }
    }

    pub(crate) fn disconnect(&mut self, line: &Line, now: u64) {
        let mailbox = self.boxes.get_mut(line.user).unwrap();
        mailbox.readers.retain(|reader| reader.id != line.id);
        if mailbox.readers.is_empty() {
            mailbox.last_used = now;
            self.book(line.user, now, false);
        }
        self.sweep(now);
    }

    pub(crate) fn ping(&mut self, line: &Line, pinged: Option<u64>) {
        self.boxes.get_mut(line.user).unwrap().reader(line.id).pinged = pinged;
    }

    /// Tells connections of a user to close; returns to how many that is news.
    pub(crate) fn close(&mut self, user: User, id: Option<u64>, code: u16) -> usize {
        let Some(mailbox) = self.boxes.get_mut(user) else { return 0 };
        let picked = |reader: &&mut Reader| reader.closing.is_none() && id.is_none_or(|id| reader.id == id);
        let told = mailbox.readers.iter_mut().filter(picked);
        told.map(|reader| {
            reader.closing = Some(code);
            reader.wake();
        })
        .count()
    }

    /// Tells all connections to close; what went to everybody just before belongs to what is there.
    pub(crate) fn shut_down(&mut self, now: u64) {
        let users: Vec<User> = self.boxes.keys().copied().collect();
        for user in users {
            self.catch_up(user, now).account();
            self.close(user, None, 1001);
        }
    }

    fn join_load(&mut self, user: User, now: u64) -> Option<usize> {
        let mailbox = self.boxes.get_mut(user).unwrap();
        let is_over = mailbox.loading.is_some_and(|load| self.loads[load].deadline <= now);
        let is_wanted = match mailbox.load {
            Load::Never => true,
            Load::Running { .. } | Load::Done { .. } => false,
            Load::Failed { retry, .. } => retry <= now,
        };
        if is_wanted || is_over {
            mailbox.load = Load::Running { failures: mailbox.load.failures() };
            mailbox.list.begin_load();
            mailbox.loading = Some(self.loads.len());
            self.loads.push(Loading {
                user,
                deadline: now + LOAD_DEADLINE,
                answer: None,
                is_ready: false,
                is_taken: false,
            });
        }
        mailbox.loading
    }

    /// What the host was late with is there.
    pub(crate) fn deliver(&mut self, user: User) {
        for (at, load) in self.loads.iter_mut().enumerate() {
            if load.user == user && load.answer.is_some() && !load.is_ready {
                load.is_ready = true;
                let readers = self.boxes.get_mut(user).into_iter().flat_map(|mailbox| mailbox.readers.iter_mut());
                readers.filter(|reader| reader.loading == Some(at)).for_each(Reader::wake);
            }
        }
    }

    fn poll_load(&mut self, line: &Line, database: &Database, now: u64) {
        while let Some(at) = self.boxes.get_mut(line.user).unwrap().reader(line.id).loading {
            let load = &mut self.loads[at];
            if load.answer.is_none() {
                self.calls += 1;
                let (answer, is_ready) = match database.answer(line.user) {
                    Answer::AtOnce => (Some(database.rows_of(line.user)), true),
                    Answer::Late => (Some(database.rows_of(line.user)), false),
                    Answer::Fails => (None, true),
                };
                (load.answer, load.is_ready) = (Some(answer), is_ready);
            }
            if !load.is_ready {
                return;
            }
            let is_current = self.boxes[line.user].loading == Some(at);
            if !std::mem::replace(&mut load.is_taken, true) && is_current {
                let (answer, deadline) = (load.answer.clone().unwrap(), load.deadline);
                self.settle(line.user, answer, deadline, now);
            }
            let mailbox = self.boxes.get_mut(line.user).unwrap();
            let loading = mailbox.loading;
            mailbox.reader(line.id).loading = loading;
        }
    }

    fn settle(&mut self, user: User, answer: Option<Vec<Sent>>, deadline: u64, now: u64) {
        let next = self.loads.len();
        let mailbox = self.catch_up(user, now);
        mailbox.loading = None;
        let mut again = false;
        match answer {
            None => {
                mailbox.list.end_load();
                mailbox.load = mailbox.load.failed(now);
            }
            Some(rows) => match mailbox.list.merge(&rows, now) {
                Some(refused) => mailbox.load = Load::Done { is_complete: refused == 0 },
                None if now < deadline => {
                    mailbox.list.begin_load();
                    mailbox.loading = Some(next);
                    again = true;
                }
                None => mailbox.load = mailbox.load.failed(now),
            },
        }
        mailbox.account();
        mailbox.wake();
        if again {
            self.loads.push(Loading { user, deadline, answer: None, is_ready: false, is_taken: false });
        }
    }

    /// A driver sees to what is due.
    pub(crate) fn handle_deadline(&mut self, line: &mut Line, now: u64) {
        if line.valid_until.is_some_and(|until| until <= now) {
            line.valid_until = None;
            line.close(3005);
        }
        if line.next_heartbeat.is_some_and(|due| due <= now) {
            line.heartbeat_due = true;
            line.next_heartbeat = line.heartbeat.map(|interval| now + interval);
        }
        let mailbox = self.boxes.get_mut(line.user).unwrap();
        if mailbox.reader(line.id).loading.is_some_and(|load| self.loads[load].deadline <= now) {
            mailbox.reader(line.id).loading = None;
            if mailbox.loading.is_some_and(|load| self.loads[load].deadline <= now) {
                mailbox.loading = None;
                mailbox.list.end_load();
                mailbox.load = mailbox.load.failed(now);
                mailbox.wake();
            }
        }
        if line.log_deadline.is_some_and(|deadline| deadline <= now) {
            if mailbox.list.pass(now) {
                mailbox.wake();
            }
            mailbox.account();
            line.log_deadline = mailbox.list.next_expiry();
        }
    }

    /// Whether a driver has something to see to.
    pub(crate) fn is_due(&mut self, line: &Line, now: u64) -> bool {
        let loading = self.boxes.get_mut(line.user).unwrap().reader(line.id).loading;
        let load = loading.map(|load| self.loads[load].deadline);
        [line.valid_until, line.next_heartbeat, load, line.log_deadline].into_iter().flatten().any(|due| due <= now)
    }

    /// The next frame of a connection.
    pub(crate) fn next(&mut self, line: &mut Line, database: &Database, now: u64) -> Next {
        loop {
            if let Some(code) = self.boxes.get_mut(line.user).unwrap().reader(line.id).closing {
                line.close(code);
            }
            if let Some(due) = line.due.pop_front() {
                line.open_group = due.group().filter(|_| line.due.front().is_some_and(|d| d.group() == due.group()));
                return Next::Frame(due);
            }
            if line.is_over {
                return Next::End;
            }
            if let Some(code) = line.closing {
                line.is_over = true;
                return Next::Frame(Due::Closing(code));
            }
            self.poll_load(line, database, now);
            let mailbox = self.boxes.get_mut(line.user).unwrap();
            // Past its deadline it waits no more, although another may have begun a load anew.
            let may_wait = line.begin.is_some() && mailbox.reader(line.id).loading.is_some();
            let waits = may_wait && matches!(mailbox.load, Load::Running { .. });
            let has_waited = mailbox.reader(line.id).has_waited;
            let is_behind = mailbox.list.is_behind(&self.public);
            // Who has handed out all that there is waits, without a look at what may have become too old.
            let is_idle = !has_waited && !is_behind && line.has_everything(&mailbox.list);
            if !waits && !is_idle {
                // Who has waited takes what has come since, however late it is asked.
                let is_late = !has_waited || line.begin.is_some();
                if is_late || mailbox.list.next_expiry().is_some() || is_behind {
                    let mailbox = self.catch_up(line.user, now);
                    if mailbox.list.pass(now) {
                        mailbox.wake();
                    }
                }
                let mailbox = self.boxes.get_mut(line.user).unwrap();
                mailbox.account();
                let (source, is_complete) = (mailbox.load.word(), mailbox.load == Load::Done { is_complete: true });
                if is_complete {
                    database.check(line.user, &mailbox.list, now);
                }
                line.take(&mailbox.list, source);
                line.log_deadline = mailbox.list.next_expiry();
            }
            if line.due.is_empty() && line.closing.is_none() {
                let reader = self.boxes.get_mut(line.user).unwrap().reader(line.id);
                (reader.is_parked, reader.is_woken, reader.has_waited) = (true, false, true);
                return Next::Waits;
            }
            self.boxes.get_mut(line.user).unwrap().reader(line.id).has_waited = false;
        }
    }
}

fn outcome(is_kept: &[bool], stale: usize, connections: usize) -> Expected {
    match (is_kept.contains(&true), stale, connections) {
        (false, 0, _) => Expected::NoAudience,
        (false, ..) => Expected::Stale,
        (true, _, 0) => Expected::Kept,
        (true, _, connections) => Expected::Queued(connections),
    }
}
