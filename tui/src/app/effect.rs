//! What an event leads to outside the model, as data.

use rackhand_core::decide::command::Command;
use serde::{Deserialize, Serialize};

use crate::event::{Ask, CallId, Timer};

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Ask the daemon.
    Fetch(CallId, Ask),
    /// Send a command under this request id.
    Call(CallId, String, Command),
    /// Put text on the terminal's clipboard.
    Copy(String),
    /// Send a [`Timer`] event after this many milliseconds.
    After(u64, Timer),
    /// Try to connect now.
    Reconnect,
    /// Paint everything anew.
    Redraw,
    /// Write the recording.
    Save,
    /// Give the terminal back and stop until resumed.
    Suspend,
    /// The process was resumed: take the terminal again.
    Retake,
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// End.
    Quit,
}
