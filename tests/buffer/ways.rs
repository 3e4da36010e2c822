//! Every way to write, to read and to wait, as rows of tables.

use futures::executor::block_on;
use overwrite_channel::{
    PublishError,
    RecvTimeoutError::{self, Disconnected, Timeout},
    buffer::{Reader, Writer, channel},
    wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{future::poll_fn, ptr, time::Duration};
use support::rounds::{LONG, after};

/// Publishes a value. Returns `true` if it replaced one.
pub(crate) type Write<T> = fn(&mut Writer<T>, T) -> Result<bool, PublishError>;

pub(crate) fn writes<T: Clone>() -> [(&'static str, Write<T>); 3] {
    let publish: Write<T> = |writer, value| {
        **writer = value;
        writer.publish()
    };
    [
        ("publish", publish),
        ("write", |writer, value| writer.write(value).map_err(|_| PublishError)),
        ("publish by a clone", |writer, value| {
            *writer = writer.clone();
            **writer = value;
            writer.publish()
        }),
    ]
}

/// Takes a value that was not taken, which the reader shows then. A call that has a timeout waits for so long at most.
pub(crate) type Read<T> = fn(&mut Reader<T>, Duration) -> Result<(), RecvTimeoutError>;

/// Returns the calls that do not wait.
pub(crate) fn looks<T>() -> [(&'static str, Read<T>); 2] {
    let read: Read<T> = |reader, _| {
        look_by(reader, |reader| {
            // Each value has an address of its own.
            let before = ptr::from_ref(&**reader);
            !ptr::eq(reader.read(), before)
        })
    };
    [("update", |reader, _| look_by(reader, Reader::update)), ("read", read)]
}

/// Looks by a call that returns `true` if it took a value.
fn look_by<T>(
    reader: &mut Reader<T>,
    took: impl FnOnce(&mut Reader<T>) -> bool,
) -> Result<(), RecvTimeoutError> {
    // Before the look: the last value may come after it.
    let end = if reader.is_closed() { Disconnected } else { Timeout };
    if took(reader) { Ok(()) } else { Err(end) }
}

/// Reads without a wait.
pub(crate) fn look<T>(reader: &mut Reader<T>) -> Result<(), RecvTimeoutError> {
    look_by(reader, Reader::update)
}

/// Waits by a call that returns the value which the reader shows from then on.
fn shows<T, E: Into<RecvTimeoutError>>(
    reader: &mut Reader<T>,
    wait: impl FnOnce(&mut Reader<T>) -> Result<&mut T, E>,
) -> Result<(), RecvTimeoutError> {
    let value = ptr::from_mut(wait(reader).map_err(Into::into)?);
    assert!(ptr::eq(value, &raw const **reader), "it returns another value");
    Ok(())
}

/// Returns the calls that wait for a value or the end, however long that takes.
pub(crate) fn untimed<T: Clone>() -> Vec<(&'static str, Read<T>)> {
    vec![
        ("wait", |reader, _| shows(reader, Reader::wait)),
        ("wait_any", |reader, _| {
            let (_sender, mut silent) = overwrite_channel::channel::<()>();
            let (_writer, mut other) = channel(());
            assert_eq!(wait_any(&mut [&mut silent, reader, &mut other]), 1);
            look(reader)
        }),
        ("updated", |reader, _| Ok(block_on(reader.updated())?)),
        ("poll_updated", |reader, _| Ok(block_on(poll_fn(|cx| reader.poll_updated(cx)))?)),
        #[cfg(feature = "stream")]
        ("next", |reader, _| {
            block_on(futures::StreamExt::next(reader)).map(drop).ok_or(Disconnected)
        }),
    ]
}

/// Returns the calls that give up when their time is over.
pub(crate) fn timed<T>() -> [(&'static str, Read<T>); 4] {
    [
        ("wait_timeout", |reader, timeout| shows(reader, |it| it.wait_timeout(timeout))),
        ("wait_deadline", |reader, timeout| shows(reader, |it| it.wait_deadline(after(timeout)))),
        ("wait_any_timeout", |reader, timeout| {
            let (_writer, mut silent) = channel(());
            assert_eq!(wait_any_timeout(&mut [&mut silent, reader], timeout).ok_or(Timeout)?, 1);
            look(reader)
        }),
        ("wait_any_deadline", |reader, timeout| {
            let (_sender, mut silent) = overwrite_channel::channel::<()>();
            let ready = wait_any_deadline(&mut [reader, &mut silent], after(timeout));
            assert_eq!(ready.ok_or(Timeout)?, 0);
            look(reader)
        }),
    ]
}

/// Returns every call that waits, each that knows a timeout with two that do not pass.
pub(crate) fn waits<T: Clone>() -> impl Iterator<Item = (&'static str, Read<T>, Duration)> {
    let timed = timed().into_iter();
    let timed = timed.flat_map(|(name, read)| [LONG, Duration::MAX].map(|it| (name, read, it)));
    untimed().into_iter().map(|(name, read)| (name, read, LONG)).chain(timed)
}
