//! `rackhand demo`: the lab, a daemon and the console in one process. The only module that knows the lab.

use std::io::Write;
use std::time::Instant;

use rackhand_lab::demo::{Demo, Options};
use tokio::signal::unix::{SignalKind, signal};

use crate::app;
use crate::link::connect::{HostSpec, connect};

/// What the demo is made of.
pub fn options(seed: u64, speed: u32, servers: u32) -> Options {
    Options { seed, speed: f64::from(speed), servers: servers as usize }
}

/// Runs with the console on this terminal, until the user quits.
pub async fn shown(options: Options, console: app::Options) -> std::io::Result<()> {
    let demo = Demo::start(options).await?;
    let host = HostSpec::Unix(demo.socket());
    let way = move || {
        let host = host.clone();
        async move { connect(&host).await }
    };
    let ended = app::run(way, console).await.map_err(std::io::Error::other);
    demo.stop().await?;
    ended
}

/// Runs without a console: tells how far things are, and ends when all that can move has moved.
pub async fn headless(options: Options, out: &mut dyn Write) -> std::io::Result<()> {
    let began = Instant::now();
    writeln!(out, "DEMO: everything outside is simulated. Seed {}, {} times real time.", options.seed, options.speed)?;
    let demo = Demo::start(options).await?;
    let mut term = signal(SignalKind::terminate())?;
    let settled = demo.settle(|line| {
        // A closed output is noticed where the result is written.
        drop(writeln!(out, "{:>5} s  {line}", began.elapsed().as_secs()).and_then(|()| out.flush()));
    });
    let lines = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => return Err(std::io::ErrorKind::Interrupted.into()),
        _ = term.recv() => return Err(std::io::ErrorKind::Interrupted.into()),
        lines = settled => lines?,
    };
    writeln!(out, "\nEnd state\n{:<12}{:<6}{:<28}{:<12}STATE", "SERIAL", "SITE", "STAGE", "DISPOSITION")?;
    for line in lines {
        writeln!(out, "{line}")?;
    }
    demo.stop().await
}

/// Runs without a console, for others to connect to: tells where its sockets are, and ends when it is told to.
pub async fn served(options: Options, out: &mut dyn Write) -> std::io::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let demo = Demo::start(options).await?;
    writeln!(out, "{}", demo.directory().display())?;
    out.flush()?;
    tokio::select! {
        biased;
        said = tokio::signal::ctrl_c() => said?,
        _ = term.recv() => {}
    }
    demo.stop().await
}
