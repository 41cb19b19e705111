//! What the fuzz targets share: the rules that hold for every frame, whatever came from outside.

mod body;
mod events;
mod resume;
mod screen;
mod wire;

pub use body::events_of;
pub use events::{frames, note, price};
pub use resume::{RECORDS, RETAINED, Resuming, resuming};
pub use screen::Screen;
pub use wire::Wire;
