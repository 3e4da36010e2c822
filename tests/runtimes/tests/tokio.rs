//! On tokio.

#[path = "../../common/watchdog.rs"]
mod watchdog;

mod common {
    pub(crate) mod cancelling;
    pub(crate) mod dice;
    pub(crate) mod on_tokio;
    #[path = "../../../common/rounds.rs"]
    pub(crate) mod rounds;
    pub(crate) mod runtime;
    pub(crate) mod scenarios;
    pub(crate) mod selects;
    pub(crate) mod suite;
    pub(crate) mod tally;
}
use common::{on_tokio, suite::suite};

suite!(multi_thread, crate::on_tokio::MultiThread);
suite!(current_thread, crate::on_tokio::CurrentThread);
