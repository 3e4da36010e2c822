//! The errors: what they show, and what can be done with them.

use super::{RECV_ERROR, RECV_ERROR_DEBUG, SEND_ERROR, watch};
use crate::tools::at_once;
use std::error::Error;
use watch::error::{RecvError, SendError};

/// It has no trait but those that every type has.
struct Plain;

#[test]
fn a_value_that_was_not_sent_is_in_the_error() {
    let tx = watch::Sender::new(String::new());
    let SendError(value) = tx.send(String::from("back")).unwrap_err();
    assert_eq!(value, "back");
}

#[test]
fn it_shows_nothing_of_the_value() {
    assert_eq!(format!("{:?}", SendError(Plain)), "SendError { .. }");
    assert_eq!(SendError(Plain).to_string(), SEND_ERROR);
    assert!(SendError(Plain).source().is_none());
}

#[test]
fn it_is_as_equal_and_as_copied_as_the_value() {
    let error = SendError(1);
    let copy = error;
    assert_eq!(error, copy);
    assert_ne!(error, SendError(2));
    let error = SendError(String::from("cloned"));
    assert_eq!(error.clone(), error);
}

#[test]
fn the_end_is_the_same_error_everywhere() {
    let (tx, mut rx) = watch::channel(1);
    drop(tx);
    let errors: [RecvError; 3] = [
        rx.has_changed().unwrap_err(),
        at_once(rx.changed()).unwrap_err(),
        at_once(rx.wait_for(|_| false)).map(|value| *value).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), RECV_ERROR);
        assert_eq!(format!("{error:?}"), RECV_ERROR_DEBUG);
        assert_eq!(error.clone().to_string(), RECV_ERROR);
        assert!(error.source().is_none());
    }
}

#[test]
fn a_question_mark_passes_them_on() {
    fn send(tx: &watch::Sender<i32>) -> Result<(), Box<dyn Error + Send + Sync>> {
        tx.send(1)?;
        Ok(())
    }
    async fn receive(rx: &mut watch::Receiver<i32>) -> Result<i32, Box<dyn Error + Send + Sync>> {
        rx.changed().await?;
        rx.has_changed()?;
        let value = *rx.wait_for(|value| *value == 1).await?;
        Ok(value)
    }
    let (tx, mut rx) = watch::channel(0);
    assert!(send(&tx).is_ok());
    assert_eq!(at_once(receive(&mut rx)).unwrap(), 1);
    drop(tx);
    assert_eq!(at_once(receive(&mut rx)).unwrap_err().to_string(), RECV_ERROR);
    let error = send(&watch::Sender::new(0)).unwrap_err();
    assert_eq!(error.to_string(), SEND_ERROR);
    assert!(error.downcast_ref::<SendError<i32>>().is_some_and(|error| error.0 == 1));
}
