//! What differs between the flavours that share the slot: what their nodes hold.

#![forbid(unsafe_code)]

/// A flavour's reading of I2.
pub(crate) trait Flavour {
    /// Whether every node that has an owner holds a value. Otherwise the slot's does while the word says `FULL`, and no other.
    const KEEPS: bool;
    /// Number of nodes in the block: the slot's, and those of the first two handles.
    const INNER: usize;
}

/// Values are moved into a node and out of it: `channel`.
pub(crate) enum Moves {}

impl Flavour for Moves {
    const KEEPS: bool = false;
    const INNER: usize = 3;
}

/// Values stay in their nodes and travel with them: `buffer`, whose readers have two nodes each.
pub(crate) enum Keeps {}

impl Flavour for Keeps {
    const KEEPS: bool = true;
    const INNER: usize = 4;
}
