//! Enums that are plain text on the wire.
//!
//! Invariants: every text comes back as it went in, also one that this version does not know; two values are equal
//! exactly when their texts are.

/// Writes an enum of known texts and `Other`, with its conversions.
macro_rules! text_enum {
    (
        $(#[doc = $about:literal])*
        pub enum $name:ident {
            $($(#[doc = $meaning:literal])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[doc = $meaning])*
                #[doc = concat!("\n\n`", $text, "` on the wire.")]
                $variant,
            )+
            /// What this version of the crate has no variant for; made by `from`, which knows those that it has.
            Other(String),
        }

        impl $name {
            /// Every value but `Other`.
            ///
            /// ```
            #[doc = concat!("use user_hub::trading::", stringify!($name), ";")]
            ///
            #[doc = concat!("for known in ", stringify!($name), "::KNOWN {")]
            #[doc = concat!("    assert_eq!(*known, ", stringify!($name), "::from(known.as_str()));")]
            /// }
            /// ```
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The text on the wire.
            ///
            /// ```
            #[doc = concat!("use user_hub::trading::", stringify!($name), ";")]
            ///
            #[doc = concat!("assert_eq!(", stringify!($name), "::from(\"unheard of\").as_str(), \"unheard of\");")]
            /// ```
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            /// Exact: another case is another text, and so `Other`.
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl $crate::EventKey for $name {
            fn event_key(&self) -> std::borrow::Cow<'_, str> {
                std::borrow::Cow::Borrowed(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        // Not derived: ts-rs would leave out what each value means.
        #[cfg(feature = "typescript")]
        impl ts_rs::TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;
            const IS_ENUM: bool = true;

            fn docs() -> Option<String> {
                Some(concat!("/**\n", $(" *", $about, "\n",)* " */\n").to_owned())
            }

            fn name(_: &ts_rs::Config) -> String {
                stringify!($name).to_owned()
            }

            fn inline(_: &ts_rs::Config) -> String {
                // Known values are completed by an editor, and any other text is one, too.
                let known = concat!($("\n/**\n", $(" *", $meaning, "\n",)* " */\n\"", $text, "\" | ",)+);
                format!("{known}(string & {{}})")
            }

            fn decl(config: &ts_rs::Config) -> String {
                format!("type {} = {};", Self::name(config), Self::inline(config))
            }

            fn decl_concrete(config: &ts_rs::Config) -> String {
                Self::decl(config)
            }

            fn output_path() -> Option<std::path::PathBuf> {
                Some(concat!(stringify!($name), ".ts").into())
            }
        }
    };
}
