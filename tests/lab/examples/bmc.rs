//! One BMC of the lab over TLS on loopback, for clients that are not ours: `bmc PERSONALITY PORT [full]`.
#![allow(clippy::print_stdout)] // Whoever starts it reads where it listens.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::mac::Mac;
use rackhand_lab::bmc::{Fitted, LabBmc, Personality, Spec};
use rackhand_lab::faults::Faults;
use rackhand_lab::front::Station;
use rackhand_lab::sockets::{Issuer, TlsServer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let personality = match name.as_str() {
        "ilo5" => Personality::Ilo5,
        "ilo6" => Personality::Ilo6,
        "ilo7" => Personality::Ilo7,
        "idrac9" => Personality::Idrac9,
        "idrac10" => Personality::Idrac10,
        _ => return Err("bmc ilo5|ilo6|ilo7|idrac9|idrac10 PORT [full]".into()),
    };
    let port: u16 = words.next().unwrap_or_default().parse()?;
    let mut spec = Spec::new(personality, "CZ2D1X0GK7", Mac([0x94, 0x40, 0xC9, 1, 2, 3]));
    spec.running = true;
    if words.next().as_deref() == Some("full") {
        spec.fitted = Fitted::full();
    }
    let (user, password) = (spec.user.clone(), spec.password.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let certificate = Issuer::new()?.issue("localhost")?;
        let station = Station {
            host: Arc::new(LabBmc::new(spec)),
            faults: Arc::new(Faults::default()),
            clock: Clock::wall(),
            certificate: None,
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listening = TlsServer::bind(address, station, &certificate).await?;
        println!("{name} https://{} {user} {password}", listening.address());
        std::future::pending::<Result<(), Box<dyn Error>>>().await
    })
}
