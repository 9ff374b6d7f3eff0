//! A line to a controller that is kept from one call to the next.

use std::net::IpAddr;
use std::sync::Arc;

use rackhand_core::fault::Fault;

use super::line::{Line, Login};
use super::session::end;
use super::{Credentials, Redfish};

/// Keeps a controller's line: the calls that follow share its connections, its session, what was learnt of it, and the
/// verdict on its password. Dropping it closes the session in the background.
pub struct Kept {
    redfish: Redfish,
    line: Arc<Line>,
}

impl Redfish {
    /// Keeps the line to the controller at this address. Nothing is sent yet.
    pub fn keep(&self, address: IpAddr) -> Kept {
        let line = self.lines.to(address);
        line.keep();
        Kept { redfish: self.clone(), line }
    }
}

impl Kept {
    /// The address it leads to.
    pub fn address(&self) -> IpAddr {
        self.line.address
    }

    /// Closes session and connections, if nobody uses them now, and waits for that. What was learnt is kept.
    pub async fn rest(&self) {
        if let Some(closing) = self.closing(self.line.rest()) {
            drop(tokio::spawn(closing).await);
        }
    }

    /// These credentials are not sent any more: whoever asks gets this fault.
    pub fn refuse(&self, credentials: &Credentials, fault: &Fault) {
        self.line.refuse(credentials, fault);
    }

    /// The fault that these credentials have met, and would meet again.
    pub fn refusal(&self, credentials: &Credentials) -> Option<Fault> {
        self.line.refusal(credentials)
    }

    /// Lets credentials that were refused be sent once more; whether any were.
    pub fn forgive(&self) -> bool {
        self.line.forgive()
    }

    fn closing(&self, session: Option<Arc<Login>>) -> Option<impl Future<Output = ()> + use<>> {
        // Who shares it still closes it.
        let login = Arc::into_inner(session?)?;
        let talk = self.redfish.talk(self.line.address, login.certificate);
        let unfinished = talk.lines.unfinished();
        let line = Arc::clone(&self.line);
        Some(async move {
            end(login, talk).await;
            line.close_idle();
            drop(unfinished);
        })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let (Some(closing), Ok(runtime)) = (self.closing(self.line.let_go()), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(closing);
        }
    }
}
