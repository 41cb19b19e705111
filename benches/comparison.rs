//! The contenders take turns, so that the machine's mood meets them all, and their medians stand side by side.
//!
//! Only the ratios mean something, and only within one run.

use crate::machine;

/// What is better.
#[allow(dead_code, reason = "a benchmark has one of them")]
#[derive(Clone, Copy)]
pub(crate) enum Better {
    Less,
    More,
}

/// One contender in one measurement: the first is the hub.
pub(crate) struct Side<'s> {
    name: &'static str,
    /// Runs once, and gives one value a row.
    round: Box<dyn FnMut() -> Vec<f64> + 's>,
}

impl<'s> Side<'s> {
    pub(crate) fn new(name: &'static str, round: impl FnMut() -> Vec<f64> + 's) -> Self {
        Self { name, round: Box::new(round) }
    }

    #[allow(dead_code, reason = "only who finds a side by its name asks")]
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn run(&mut self) -> Vec<f64> {
        (self.round)()
    }
}

/// A side for each contender, in the order of the table: the hub, then its peers. `sides!(C => round::<C>())` is given
/// what makes a round of the contender `C`.
macro_rules! sides {
    ($contender:ident => $round:expr) => {
        $crate::comparison::sides!(@ $contender => $round; Hub MapOfMpsc MapOfBroadcast Task AsyncBroadcast)
    };
    (@ $contender:ident => $round:expr; $($one:ident)*) => {
        [$({
            type $contender = $crate::contenders::$one;
            $crate::comparison::Side::new(<$contender as $crate::contenders::Contender>::NAME, $round)
        }),*]
    };
}
pub(crate) use sides;

/// One table; its columns are the contenders.
pub(crate) struct Comparison {
    better: Better,
    rounds: usize,
    has_heading: bool,
}

impl Comparison {
    /// Prints what is compared, and where.
    pub(crate) fn new(title: &str, better: Better, rounds: usize) -> Self {
        let which = match better {
            Better::Less => "less is better",
            Better::More => "more is better",
        };
        let rounds_in_words = if rounds > 1 { format!("medians of {rounds} rounds in turns; ") } else { String::new() };
        println!("\n{title}: {rounds_in_words}in brackets hub / peer, {which}");
        println!("{}\n", machine::about());
        Self { better, rounds, has_heading: false }
    }

    /// Measures, and prints a line for each row.
    pub(crate) fn measure(&mut self, rows: &[&str], sides: &mut [Side<'_>]) {
        let mut values = vec![vec![Vec::with_capacity(self.rounds); rows.len()]; sides.len()];
        for round in 0..self.rounds {
            for turn in 0..sides.len() {
                // Nobody always comes after the same one.
                let at = (round + turn) % sides.len();
                let measured = sides[at].run();
                assert_eq!(measured.len(), rows.len(), "one value a row");
                values[at].iter_mut().zip(measured).for_each(|(values, value)| values.push(value));
            }
        }
        self.heading(sides);
        for (row, name) in rows.iter().enumerate() {
            let medians: Vec<f64> = values.iter_mut().map(|of_side| median(&mut of_side[row])).collect();
            self.line(name, &medians);
        }
    }

    fn heading(&mut self, sides: &[Side<'_>]) {
        if !std::mem::replace(&mut self.has_heading, true) {
            print!("| {:<34} | {:>9} |", "", sides[0].name);
            sides[1..].iter().for_each(|side| print!(" {:>18} |", side.name));
            println!(" {:>9} |", "best peer");
            print!("|{:-<36}|{:->10}:|", "", "");
            sides[1..].iter().for_each(|_| print!("{:->19}:|", ""));
            println!("{:->10}:|", "");
        }
    }

    fn line(&self, name: &str, medians: &[f64]) {
        let (hub, peers) = (medians[0], &medians[1..]);
        print!("| {name:<34} | {:>9} |", number(hub));
        peers.iter().for_each(|peer| print!(" {:>9} {:>8} |", number(*peer), format!("({:.2})", hub / peer)));
        let best = peers.iter().copied().reduce(match self.better {
            Better::Less => f64::min,
            Better::More => f64::max,
        });
        println!(" {:>9} |", best.map_or_else(String::new, |best| format!("{:.2}", hub / best)));
    }
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Three digits at least.
fn number(value: f64) -> String {
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}")
}
