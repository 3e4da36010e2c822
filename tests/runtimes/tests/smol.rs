//! On smol.

#[path = "../../common/watchdog.rs"]
mod watchdog;

mod common {
    pub(crate) mod cancelling;
    pub(crate) mod dice;
    pub(crate) mod on_smol;
    #[path = "../../../common/rounds.rs"]
    pub(crate) mod rounds;
    pub(crate) mod runtime;
    pub(crate) mod scenarios;
    pub(crate) mod selects;
    pub(crate) mod suite;
    pub(crate) mod tally;
}
use common::{on_smol, suite::suite};

suite!(one_thread, crate::on_smol::OneThread);
suite!(three_threads, crate::on_smol::ThreeThreads);
