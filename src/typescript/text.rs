//! The types of the crate that stand as text in JSON.

use ts_rs::{Config, TS};

use crate::{Cursor, Timestamp};

macro_rules! text {
    ($($name:ident),+) => {$(
        impl TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &Config) -> String {
                "string".to_owned()
            }

            fn inline(config: &Config) -> String {
                Self::name(config)
            }
        }
    )+};
}
text!(Cursor, Timestamp);
