//! What the layer writes, held to real frames and to real types.
