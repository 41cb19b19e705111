//! What the layer writes, held to real frames, and the parts that it is made of.
#![allow(clippy::unwrap_used)]

mod comment;
mod frames;
mod layout;
