//! What is on the screen of a device: its State and its Log, as the types that the host broadcasts.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Device, PayloadError, Record};
use crate::Event;

impl Device {
    /// The value of a State that has one value a user; `None` where there is none.
    ///
    /// # Errors
    /// [`PayloadError`]: what was broadcast under that name is not an `E`.
    ///
    /// ```
    /// use user_hub::{UserHub, testing::Device, trading::PnlUpdate};
    ///
    /// let hub = UserHub::new();
    /// let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
    /// phone.read(&mut connection);
    /// assert_eq!(phone.state::<PnlUpdate>()?, None);
    /// hub.broadcast_pnl("alice", &PnlUpdate::default());
    /// phone.read(&mut connection);
    /// assert_eq!(phone.state::<PnlUpdate>()?, Some(PnlUpdate::default()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state<E: Event + DeserializeOwned>(&self) -> Result<Option<E>, PayloadError> {
        self.state_record(E::NAME, None).map(Record::payload).transpose()
    }

    /// The value of a State under a key; `None` where there is none.
    ///
    /// # Errors
    /// [`PayloadError`]: what was broadcast under that name is not an `E`.
    ///
    /// ```
    /// use user_hub::trading::{Mode, ModeState, ModeStatus};
    /// use user_hub::{UserHub, testing::Device};
    ///
    /// let hub = UserHub::new();
    /// let status = ModeStatus::new(Mode::Swing, true, ModeState::Active);
    /// hub.broadcast_mode_status("alice", &status);
    /// let mut phone = Device::new();
    /// phone.read(&mut hub.connect("alice")?);
    /// assert_eq!(phone.state_by_key::<ModeStatus>("swing")?, Some(status));
    /// assert_eq!(phone.state_by_key::<ModeStatus>("scalp")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state_by_key<E: Event + DeserializeOwned>(&self, key: &str) -> Result<Option<E>, PayloadError> {
        self.state_record(E::NAME, Some(key)).map(Record::payload).transpose()
    }

    /// Every value of a State with keys, by key.
    ///
    /// # Errors
    /// [`PayloadError`]: what was broadcast under that name is not an `E`.
    ///
    /// ```
    /// use user_hub::trading::{Mode, ModeState, ModeStatus};
    /// use user_hub::{UserHub, testing::Device};
    ///
    /// let hub = UserHub::new();
    /// for mode in [Mode::Swing, Mode::Scalp] {
    ///     hub.broadcast_mode_status("alice", &ModeStatus::new(mode, true, ModeState::Active));
    /// }
    /// let mut phone = Device::new();
    /// phone.read(&mut hub.connect("alice")?);
    /// assert!(phone.states::<ModeStatus>()?.keys().eq(["scalp", "swing"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn states<E: Event + DeserializeOwned>(&self) -> Result<BTreeMap<String, E>, PayloadError> {
        let of_type = self.fold.states().values().filter(|record| record.name == E::NAME);
        of_type
            .filter_map(|record| Some((record.key.clone()?, record)))
            .map(|(key, record)| Ok((key, record.payload()?)))
            .collect()
    }

    /// Everything that it ever got of a Log, in order.
    ///
    /// # Errors
    /// [`PayloadError`]: what was broadcast under that name is not an `E`.
    ///
    /// ```
    /// use user_hub::trading::{LifecycleEvent, LifecycleEventType};
    /// use user_hub::{Timestamp, UserHub, testing::Device};
    ///
    /// let hub = UserHub::new();
    /// let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
    /// let now = Timestamp::from_milliseconds(0);
    /// let opened = LifecycleEvent::new("e-1", "trade-1", LifecycleEventType::PositionOpened, "BTCUSDT", now);
    /// hub.broadcast_lifecycle_event("alice", &opened);
    /// phone.read(&mut connection);
    /// assert_eq!(phone.log::<LifecycleEvent>()?, [opened]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn log<E: Event + DeserializeOwned>(&self) -> Result<Vec<E>, PayloadError> {
        self.records().iter().filter(|record| record.name == E::NAME).map(Record::payload).collect()
    }

    /// The `data` of a State whose type is known only at run time; `None` where there is none.
    ///
    /// ```
    /// use user_hub::{DynamicEvent, UserHub, testing::Device};
    ///
    /// let hub = UserHub::new();
    /// hub.broadcast_dynamic("alice", &DynamicEvent::state("PRICE", "BTC", serde_json::json!(97_000.5))?);
    /// let mut phone = Device::new();
    /// phone.read(&mut hub.connect("alice")?);
    /// assert_eq!(phone.value("PRICE", Some("BTC")), Some(&serde_json::json!(97_000.5)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(&self, name: &str, key: Option<&str>) -> Option<&Value> {
        self.state_record(name, key).map(|record| &record.data)
    }

    /// The record of every State, by type and key.
    ///
    /// ```
    /// use user_hub::{UserHub, testing::Device, trading::PnlUpdate};
    ///
    /// let hub = UserHub::new();
    /// hub.broadcast_pnl("alice", &PnlUpdate::default());
    /// let mut phone = Device::new();
    /// phone.read(&mut hub.connect("alice")?);
    /// assert!(phone.state_records().map(|record| record.name.as_str()).eq(["PNL_UPDATE"]));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn state_records(&self) -> impl Iterator<Item = &Record> {
        self.fold.states().values()
    }

    /// Whether there is a value that the hub refused: it is not known, and the one before it is wrong.
    ///
    /// ```
    /// use user_hub::{UserHub, testing::Device, trading::PnlUpdate};
    ///
    /// let hub = UserHub::new();
    /// let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
    /// let mut pnl = PnlUpdate::default();
    /// hub.broadcast_pnl("alice", &pnl);
    /// phone.read(&mut connection);
    /// pnl.total_pnl = f64::NAN;
    /// hub.broadcast_pnl("alice", &pnl);
    /// phone.read(&mut connection);
    /// assert!(phone.is_unknown("PNL_UPDATE", None) && phone.state::<PnlUpdate>()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_unknown(&self, name: &str, key: Option<&str>) -> bool {
        self.fold.unknown().contains(&(name.to_owned(), key.map(str::to_owned)))
    }

    fn state_record(&self, name: &str, key: Option<&str>) -> Option<&Record> {
        self.fold.states().get(&(name.to_owned(), key.map(str::to_owned)))
    }
}
