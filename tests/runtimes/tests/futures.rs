//! On what the `futures` crate has.

#[path = "../../common/watchdog.rs"]
mod watchdog;

mod common {
    pub(crate) mod cancelling;
    pub(crate) mod cooperation;
    pub(crate) mod dice;
    pub(crate) mod on_futures;
    #[path = "../../../common/rounds.rs"]
    pub(crate) mod rounds;
    pub(crate) mod runtime;
    pub(crate) mod scenarios;
    pub(crate) mod selects;
    pub(crate) mod suite;
    pub(crate) mod tally;
}
use common::{on_futures, suite::suite};

suite!(pool, crate::on_futures::Pool);
suite!(unordered, crate::on_futures::Unordered);
