//! TLS sockets in front of hosts.
