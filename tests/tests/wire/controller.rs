//! The lab's BMC on the segment, in its host's namespace.

use std::sync::mpsc;
use std::time::Duration;

use rackhand_lab::sockets::{Issuer, TlsServer};

use crate::namespace::within;
use crate::support::lab::Lab;

/// Lets the lab's BMC listen in the client's namespace, at whatever address the client is given.
pub fn serve_bmc(lab: &Lab, issuer: &Issuer) {
    let (station, certificate) = (lab.twin().station(), issuer.issue(&lab.server.serial).unwrap());
    let at = format!("0.0.0.0:{}", lab.bmc_port()).parse().unwrap();
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        within("bmc", move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let _listening = TlsServer::bind(at, station, &certificate).await.unwrap();
                ready.send(()).unwrap();
                std::future::pending::<()>().await;
            });
        });
    });
    is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
}
