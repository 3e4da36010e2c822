//! What holds for the `watch` of the parent, whichever it is.

use super::{RECV_ERROR, RECV_ERROR_DEBUG, SEND_ERROR, old, watch};

mod bounds;
mod cancelled;
mod changed;
mod closed;
mod cooperation;
mod crowds;
mod dropped;
mod errors;
mod modified;
mod seen;
mod told;
mod values;
mod wait_for;
