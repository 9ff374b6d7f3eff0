//! Through proxies that work, want a password, refuse, hang and lie.

use rackhand_core::secret::Secret;
use tokio::net::TcpSocket;

use super::*;

/// What a proxy does with the head of a request.
type Manner = fn(&str) -> Says;

enum Says {
    /// Hands through to the port that was asked for.
    Through,
    /// Answers with this, and hangs up.
    Only(String),
    /// Answers with this, and waits.
    Silence(&'static str),
}

/// A proxy on this host; gives its port, and each request's head.
async fn proxy(manner: Manner) -> (u16, UnboundedReceiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let says = manner(&head);
                tell.send(head.clone()).unwrap();
                match says {
                    Says::Through => {
                        // `peer.invalid` is known to the proxy alone.
                        let to = head.split(' ').nth(1).unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
                        let socket = TcpSocket::new_v4().unwrap();
                        let mut peer = socket.connect((Ipv4Addr::LOCALHOST, to).into()).await.unwrap();
                        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                        drop(tokio::io::copy_bidirectional(&mut client, &mut peer).await);
                    }
                    Says::Only(text) => drop(client.write_all(text.as_bytes()).await),
                    Says::Silence(text) => {
                        client.write_all(text.as_bytes()).await.unwrap();
                        drop(client.read_u8().await);
                    }
                }
            });
        }
    });
    (port, told)
}

/// A peer called `peer.invalid`, and who knows its authority.
async fn peer() -> (Target, Tcp) {
    let ca = authority();
    let (port, _) = serve(&Identity::issued("peer.invalid", &ca), VERSIONS[1]).await;
    let tcp = Tcp::new(Some(ca.pem().as_bytes()), Vec::new()).unwrap();
    (Target { host: "peer.invalid".into(), port, trust: Trust::Authorities }, tcp)
}

fn by(port: u16) -> Proxy {
    Proxy::new(&format!("http://127.0.0.1:{port}"), None, std::iter::empty()).unwrap()
}

async fn fails(manner: Manner) -> (Kind, String) {
    let (port, _heads) = proxy(manner).await;
    let (target, tcp) = peer().await;
    let error = tcp.through(Some(by(port))).dial(&target).await.err().unwrap();
    let text = error.what.replace(&format!("127.0.0.1:{port}"), "PROXY");
    (error.kind, text.replace(&target.port.to_string(), "PORT"))
}

#[tokio::test]
async fn tls_goes_through_the_tunnel_end_to_end() {
    let (port, mut heads) = proxy(|_| Says::Through).await;
    let (target, tcp) = peer().await;
    let mut found = tcp.clone().through(Some(by(port))).dial(&target).await.map_err(|e| e.what).unwrap();
    assert!(found.certificate.is_some(), "the peer's own");
    assert_eq!(found.stream.read_u8().await.unwrap(), b'!');
    let whom = target.authority();
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {whom} HTTP/1.1\r\n")), "{head}");
    assert!(head.to_lowercase().contains(&format!("\r\nhost: {whom}\r\n")), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    // Without it nobody knows that name.
    let error = tcp.dial(&target).await.err().unwrap();
    assert!(error.what.contains("its name does not resolve"), "{}", error.what);
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_gets_it_and_it_is_shown_nowhere() {
    const NEEDS: Manner = |head| {
        // rackhand:p@ss: w%rd
        let good =
            head.to_lowercase().contains("proxy-authorization: basic") && head.contains("cmFja2hhbmQ6cEBzczogdyVyZA==");
        if good { Says::Through } else { Says::Only("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n".into()) }
    };
    let (port, _heads) = proxy(NEEDS).await;
    let (target, tcp) = peer().await;
    let with = |password: &str| {
        let url = format!("http://rackhand@127.0.0.1:{port}");
        Proxy::new(&url, Some(&Secret::new(password)), std::iter::empty()).unwrap()
    };
    assert!(tcp.clone().through(Some(with("p@ss: w%rd"))).dial(&target).await.is_ok());
    let shown = format!("{:?} {}", with("hobbes"), with("hobbes").name());
    assert!(!shown.contains("hobbes") && !shown.contains("rackhand"), "{shown}");
    let error = tcp.clone().through(Some(with("hobbes"))).dial(&target).await.err().unwrap();
    let text = error.what.to_string();
    assert_eq!(error.kind, Kind::Rejected, "not tried again: {text}");
    assert!(text.contains("refuses our user and password (407)") && !text.contains("hobbes"), "{text}");
    let (kind, text) = fails(NEEDS).await;
    assert_eq!(kind, Kind::Rejected);
    assert_eq!(text, "proxy PROXY: wants a user and a password (407); give them under [proxy]");
}

#[tokio::test]
async fn what_a_proxy_does_wrong_is_told_as_its_own() {
    let refuses = fails(|_| Says::Only("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".into())).await;
    let what = "proxy PROXY: does not let us through to peer.invalid:PORT (403); have it allowed there";
    assert_eq!(refuses, (Kind::Rejected, what.to_owned()));
    let cannot = fails(|_| Says::Only("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n".into())).await;
    assert_eq!(cannot, (Kind::Transient, "proxy PROXY: does not get through to peer.invalid:PORT (502)".to_owned()));
    let (kind, text) = fails(|_| Says::Only("HTTP/1.1 200 Connec".into())).await;
    assert_eq!(kind, Kind::Transient, "cut: {text}");
    assert!(text.starts_with("proxy PROXY: no answer that can be understood"), "{text}");
    let huge: Manner = |_| Says::Only(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(64 << 10)));
    let garbage: Manner = |_| Says::Only("220 mail.example.com ESMTP\r\n\r\n".into());
    for manner in [huge, garbage] {
        let (kind, text) = fails(manner).await;
        assert_eq!(kind, Kind::Malformed, "{text}");
        assert!(text.starts_with("proxy PROXY: no answer that can be understood"), "{text}");
    }
    // It says that it hands through, and shows a certificate of its own, or nothing that is TLS.
    let (_, text) = fails(|_| Says::Only("HTTP/1.1 200 OK\r\n\r\nwelcome to the intranet".into())).await;
    assert!(text.starts_with("peer.invalid:PORT: no TLS") && text.ends_with("(through proxy PROXY)"), "{text}");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
    let (target, tcp) = peer().await;
    let error = tcp.through(Some(by(nobody))).dial(&target).await.err().unwrap();
    assert!(error.what.starts_with(&format!("proxy 127.0.0.1:{nobody}: cannot be reached")), "{}", error.what);
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_never_ends_its_head_is_given_up() {
    let silent = fails(|_| Says::Silence("")).await;
    assert_eq!(silent, (Kind::Transient, "proxy PROXY: no answer within 4 s".to_owned()));
    assert_eq!(fails(|_| Says::Silence("HTTP/1.1 200 OK\r\nX: y\r\n")).await, silent);
}

#[test]
fn who_is_reached_without_it_is_told_by_domain_address_network_and_port() {
    let without = ["lab.example", ".corp.example", "10.0.0.0/8", "[2001:db8::5]", "2001:db8:1::/48", "ups.com:8443"];
    let proxy = Proxy::new("http://proxy.example:3128", None, without.into_iter()).unwrap();
    let serves = |host: &str, port| proxy.serves(&Target { host: host.into(), port, trust: Trust::Authorities });
    for host in
        ["lab.example", "a.LAB.example", "corp.example", "a.b.corp.example", "10.1.2.3", "2001:db8::5", "2001:db8:1::9"]
    {
        assert!(!serves(host, 443), "{host}");
    }
    for host in ["ups.com", "notlab.example", "lab.example.com", "11.1.2.3", "2001:db8::6"] {
        assert!(serves(host, 443), "{host}");
    }
    assert!(!serves("ups.com", 8443) && !serves("api.ups.com", 8443) && serves("fedex.com", 8443));
    let all = Proxy::new("http://proxy.example:3128", None, ["*"].into_iter()).unwrap();
    assert!(!all.serves(&Target { host: "ups.com".into(), port: 443, trust: Trust::Authorities }));
    // Controllers, plain HTTP and mail servers never go by it.
    for trust in [Trust::Plain, Trust::StartTls, Trust::Pin(None)] {
        assert!(!proxy.serves(&Target { host: "ups.com".into(), port: 443, trust }), "{trust:?}");
    }
}

#[test]
fn what_is_no_proxy_is_refused_without_its_password_in_the_text() {
    for bad in [
        "",
        "proxy",
        "https://proxy:3128",
        "socks5://proxy:1080",
        "http://",
        "http://proxy:3128/path",
        "http://proxy:x",
        "http://proxy",
    ] {
        let error = Proxy::new(bad, None, std::iter::empty()).err();
        assert!(error.is_some_and(|e| e.starts_with("not a proxy")), "{bad}");
    }
    let secret = Secret::new("hobbes");
    let error = |url| Proxy::new(url, Some(&secret), std::iter::empty()).err().unwrap();
    assert!(error("http://proxy:3128").contains("a password without a user"));
    assert!(error("http://a:calvin@proxy:3128").contains("two passwords"));
    let given = Proxy::new("http://a:calvin@proxy:3128", None, std::iter::empty()).unwrap();
    assert_eq!(format!("{given:?}"), "Proxy(\"proxy:3128\")");
}
