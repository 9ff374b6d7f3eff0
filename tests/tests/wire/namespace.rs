//! A machine of its own for each test: network, mounts and processes that nobody else sees. Whatever the test leaves
//! behind, and however it ends, the kernel takes it away with the machine's first process, which is the test.

use std::any::type_name_of_val;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use rackhand_tests::untested::untested;

/// Tells the process which test it is to run, inside.
const INSIDE: &str = "RACKHAND_WIRE_INSIDE";
/// Seconds for one test, on a busy machine.
const LIMIT: u32 = 240;

/// Runs a test in a machine of its own. The programs are those it needs, besides `ip`.
pub fn alone<F: Future<Output = ()>>(programs: &[&str], test: impl FnOnce() -> F) {
    alone_for(LIMIT, programs, test);
}

/// The same, for so many seconds at the most.
pub fn alone_for<F: Future<Output = ()>>(limit: u32, programs: &[&str], test: impl FnOnce() -> F) {
    let path = type_name_of_val(&test).trim_end_matches("::{{closure}}");
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    if std::env::var(INSIDE).is_ok_and(|inside| inside == name) {
        furnish();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test());
        // Threads that wait for the wire are not waited for.
        runtime.shutdown_background();
        return;
    }
    if let Some(why) = unable(programs) {
        not_tested(path, &why);
        return;
    }
    let output = Command::new("timeout")
        .args(["-s", "KILL", &limit.to_string()])
        .args(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, name)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{}\n{said}", output.status);
    print_on(&said);
}

/// Passes on what a test measured.
fn print_on(said: &str) {
    // The harness writes before it, on the same line.
    for (_, measured) in said.lines().filter_map(|line| line.split_once("measured: ")) {
        let _ = writeln!(std::io::stderr(), "measured: {measured}");
    }
}

/// Why nothing can be tested here.
fn unable(programs: &[&str]) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("network namespaces take root".to_owned());
    }
    let missing: Vec<&str> = programs.iter().chain(&["ip", "unshare"]).copied().filter(|p| !is_installed(p)).collect();
    if !missing.is_empty() {
        return Some(format!("not installed: {}", missing.join(", ")));
    }
    let probe = Command::new("unshare").args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "true"]).output();
    match probe {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("no namespaces: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("no namespaces: {error}")),
    }
}

fn is_installed(program: &str) -> bool {
    let dirs = std::env::var("PATH").unwrap_or_default();
    dirs.split(':').chain(["/usr/sbin", "/sbin"]).any(|dir| Path::new(dir).join(program).is_file())
}

fn not_tested(name: &str, why: &str) {
    assert!(std::env::var("RACKHAND_WIRE").as_deref() != Ok("required"), "{name} cannot run: {why}");
    untested(name, why);
}

/// What a bare machine needs.
fn furnish() {
    // Temporary directories end with the machine too.
    run("mount -t tmpfs -o mode=1777 tmpfs /dev/shm");
    std::fs::create_dir_all("/run/netns").unwrap();
    run("mount -t tmpfs tmpfs /run/netns");
    run("ip link set lo up");
}

/// Runs a program to its end, which must be a good one. Words are split at spaces.
pub fn run(line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.env("PATH", search_path());
    let output = command.args(words).stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{line}: {e}"));
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Where programs are; those of the system are not in everybody's path.
pub fn search_path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

/// Does something in another network namespace, on a thread of its own. Sockets stay where they were made.
pub fn within<T: Send + 'static>(name: &str, act: impl FnOnce() -> T + Send + 'static) -> T {
    let space = std::fs::File::open(format!("/run/netns/{name}")).unwrap();
    let there = std::thread::spawn(move || {
        let kind = Some(rustix::thread::LinkNameSpaceType::Network);
        rustix::thread::move_into_link_name_space(std::os::fd::AsFd::as_fd(&space), kind).unwrap();
        act()
    });
    there.join().unwrap()
}
