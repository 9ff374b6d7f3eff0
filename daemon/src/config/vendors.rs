//! `[vendors.NAME]`: who sells us servers, and how each is spoken to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::supplier::cxml::{self, CxmlParty, Identity};
use rackhand_adapters::supplier::format::{Columns, Field};
use rackhand_adapters::supplier::{mail, partner};
use rackhand_adapters::tcp::Tcp;
use rackhand_adapters::tcp::network::Cidr;
use rackhand_adapters::tcp::proxy::Proxy;
use rackhand_core::bmc;
use rackhand_core::id::SellerId;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use toml::Spanned;

use super::netbox::guarded_url;
use super::source::{ConfigError, Secrets, Source};

/// Letters of a column's header at most.
const HEADER: usize = 80;
/// Letters of a vendor's title at most: it heads a column.
const TITLE: usize = 40;

/// A vendor, and how it is spoken to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Vendor")]
pub(super) struct RawVendor {
    /// How it is spoken to: `partner`, by an API in our neutral dialect; `cxml`, by documents that each side posts to the
    /// other; `mail`, by letters; `hand`, by a person who asks, and enters what it answers.
    #[schemars(with = "Kind")]
    kind: Spanned<Kind>,
    /// What people call it. Default: its name here.
    #[schemars(with = "Option<String>", length(max = 40))]
    title: Option<Spanned<String>>,
    /// Whose servers it sells, `hpe`, `dell` or `other`. Default: `other`.
    #[serde(default)]
    #[schemars(schema_with = "super::bmc::vendors")]
    makes: Option<bmc::Vendor>,
    /// Partner API: what stands before its paths. cXML: where documents are posted to. http is taken only for this host
    /// and for management networks.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    url: Option<Spanned<String>>,
    /// Partner API: where tokens come from, where that is not under `url`.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    token_url: Option<Spanned<String>>,
    /// Partner API: how name and secret are sent for a token: `basic`, in a header, or `post`, in the form. Default:
    /// `basic`.
    token_auth: Option<TokenAuth>,
    /// Our name with the partner API, or with the mail server.
    #[schemars(with = "Option<String>")]
    client: Option<Spanned<String>>,
    /// The file with our secret: the partner API's, the shared one of cXML, the mail server's password. `credential:NAME`
    /// is what systemd hands over.
    #[schemars(with = "Option<String>")]
    pub secret_file: Option<Spanned<PathBuf>>,
    /// cXML: the file with the shared secret by which we know the vendor.
    #[schemars(with = "Option<String>")]
    pub their_secret_file: Option<Spanned<PathBuf>>,
    /// cXML: who we are, as `DUNS:123456789`. Mail: our address.
    #[schemars(with = "Option<String>")]
    from: Option<Spanned<String>>,
    /// cXML: who the vendor is. Mail: its address.
    #[schemars(with = "Option<String>")]
    to: Option<Spanned<String>>,
    /// Mail: the mail server, as `mail.example.com:587`.
    #[schemars(with = "Option<String>")]
    server: Option<Spanned<String>>,
    /// Mail: how the server proves itself. Default: `starttls`.
    tls: Option<Tls>,
    /// Mail: the directory the mail system puts the vendor's attachments into.
    #[schemars(with = "Option<String>")]
    inbox: Option<PathBuf>,
    /// Mail: which header its tables have over which field of ours, such as `unit_price = "Nettopreis"`. Headers that are
    /// known without, and what case and punctuation make of them, need no entry.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    columns: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Mail: the currency of tables that have no column for it.
    #[schemars(with = "Option<String>", regex(pattern = "^[A-Z]{3}$"))]
    currency: Option<Spanned<String>>,
    /// The authorities that sign this vendor's certificate, in PEM. Default: that of `[netbox] ca_file`.
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<Spanned<PathBuf>>,
}

/// How a vendor is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A partner API.
    Partner,
    /// cXML.
    Cxml,
    /// E-mail.
    Mail,
    /// A person asks.
    Hand,
}

/// How name and secret are sent for a token (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TokenAuth {
    /// By HTTP Basic.
    Basic,
    /// In the form.
    Post,
}

/// When TLS begins with a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Tls {
    /// When it was asked for (RFC 3207); port 587.
    Starttls,
    /// At once (RFC 8314); port 465.
    Implicit,
    /// Never: only for this host and management networks.
    None,
}

/// A vendor with all it takes to speak to it.
#[derive(Debug)]
pub struct Vendor {
    /// What people call it.
    pub title: Text,
    /// Whose servers it sells.
    pub makes: bmc::Vendor,
    /// How it is spoken to.
    pub channel: Channel,
    /// Streams by this vendor's own authorities, or by a proxy; `None` is as for all.
    pub dial: Option<Tcp>,
}

/// How a vendor is spoken to, with the settings for it.
#[derive(Clone, Debug)]
pub enum Channel {
    /// A partner API.
    Partner(partner::Settings),
    /// cXML.
    Cxml(cxml::Settings),
    /// E-mail.
    Mail(mail::Settings),
    /// A person asks, and enters what it answers.
    Hand,
}

impl RawVendor {
    /// The keys that are there, with the kinds that have them.
    fn keys(&self) -> [(&'static str, bool, &'static [Kind]); 14] {
        [
            ("columns", !self.columns.is_empty(), &[Kind::Mail]),
            ("currency", self.currency.is_some(), &[Kind::Mail]),
            ("secret_file", self.secret_file.is_some(), &[Kind::Partner, Kind::Cxml, Kind::Mail]),
            ("ca_file", self.ca_file.is_some(), &[Kind::Partner, Kind::Cxml, Kind::Mail]),
            ("url", self.url.is_some(), &[Kind::Partner, Kind::Cxml]),
            ("token_url", self.token_url.is_some(), &[Kind::Partner]),
            ("token_auth", self.token_auth.is_some(), &[Kind::Partner]),
            ("client", self.client.is_some(), &[Kind::Partner, Kind::Mail]),
            ("their_secret_file", self.their_secret_file.is_some(), &[Kind::Cxml]),
            ("from", self.from.is_some(), &[Kind::Cxml, Kind::Mail]),
            ("to", self.to.is_some(), &[Kind::Cxml, Kind::Mail]),
            ("server", self.server.is_some(), &[Kind::Mail]),
            ("tls", self.tls.is_some(), &[Kind::Mail]),
            ("inbox", self.inbox.is_some(), &[Kind::Mail]),
        ]
    }

    fn title(&self, source: &Source<'_>, id: SellerId) -> Result<Text, ConfigError> {
        let Some(title) = &self.title else { return Ok(Text::new(id.as_str())) };
        if title.get_ref().trim().is_empty() || title.get_ref().chars().count() > TITLE {
            return Err(source.at(title, format!("not a title: give 1 to {TITLE} letters")));
        }
        Ok(Text::new(title.get_ref()))
    }

    fn channel(
        &self,
        source: &Source<'_>,
        networks: &[Cidr],
        authority: bool,
        secrets: &Secrets<'_>,
    ) -> Result<Channel, ConfigError> {
        let kind = *self.kind.get_ref();
        if let Some((key, ..)) = self.keys().iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
            return Err(source.at(&self.kind, format!("a vendor of this kind has no `{key}`; leave it out")));
        }
        let needs = |what: &str| source.at(&self.kind, what);
        let url = |url: &Spanned<String>| {
            let (target, path) = guarded_url(source, url, networks)?;
            self.vouched(source, url, &target, authority)?;
            Ok((target, path))
        };
        match kind {
            Kind::Hand => Ok(Channel::Hand),
            Kind::Partner => {
                let (Some(base), Some(client), Some(secret)) = (&self.url, &self.client, &self.secret_file) else {
                    return Err(needs("a partner API needs url, client and secret_file"));
                };
                let token_auth = match self.token_auth {
                    None | Some(TokenAuth::Basic) => partner::TokenAuth::Basic,
                    Some(TokenAuth::Post) => partner::TokenAuth::Post,
                };
                let ((target, base), token) = (url(base)?, self.token_url.as_ref().map(url).transpose()?);
                let (client, secret) = (filled(source, client)?, secrets(secret)?);
                Ok(Channel::Partner(partner::Settings { target, base, token, client, secret, token_auth }))
            }
            Kind::Cxml => {
                let (Some(at), Some(from), Some(to)) = (&self.url, &self.from, &self.to) else {
                    return Err(needs("cXML needs url, from, to, secret_file and their_secret_file"));
                };
                let (Some(ours), Some(theirs)) = (&self.secret_file, &self.their_secret_file) else {
                    return Err(needs("cXML needs url, from, to, secret_file and their_secret_file"));
                };
                let (us, them) = (identity(source, from)?, identity(source, to)?);
                let party = |from: &Identity, to: &Identity, secret| {
                    let (from, sender, to) = (from.clone(), from.clone(), to.clone());
                    CxmlParty { from, to, sender, secret }
                };
                let (ours, theirs) = (party(&us, &them, secrets(ours)?), party(&them, &us, secrets(theirs)?));
                let (target, path) = url(at)?;
                let path = if path.is_empty() { "/".to_owned() } else { path };
                Ok(Channel::Cxml(cxml::Settings { target, path, ours, theirs }))
            }
            Kind::Mail => {
                let (Some(server), Some(from), Some(to)) = (&self.server, &self.from, &self.to) else {
                    return Err(needs("mail needs server, from and to"));
                };
                let login = match (&self.client, &self.secret_file) {
                    (Some(client), Some(secret)) => Some((filled(source, client)?, secrets(secret)?)),
                    (None, None) => None,
                    _ => return Err(needs("the mail server's account is client and secret_file together")),
                };
                let target = self.mail_server(source, server, networks)?;
                self.vouched(source, server, &target, authority)?;
                let inbox = self.inbox.as_ref().map(|dir| source.beside(dir));
                let (from, to) = (mailbox(source, from)?, mailbox(source, to)?);
                Ok(Channel::Mail(mail::Settings { target, login, from, to, inbox, columns: self.columns(source)? }))
            }
        }
    }

    /// How its tables are read.
    fn columns(&self, source: &Source<'_>) -> Result<Columns, ConfigError> {
        let mut headers: BTreeMap<Field, Text> = BTreeMap::new();
        for (field, header) in &self.columns {
            let word = StrDeserializer::<serde::de::value::Error>::new(field.get_ref());
            let known = Field::deserialize(word);
            let known = known.map_err(|_| source.at(field, "no field of quotes, confirmations or ship notices"))?;
            let name = Text::new(header.get_ref());
            if name.trim().is_empty() || name.chars().count() > HEADER {
                return Err(source.at(header, format!("not a header: give 1 to {HEADER} letters")));
            }
            if headers.values().any(|known| known.eq_ignore_ascii_case(&name)) {
                return Err(source.at(header, "another field has this header already; a column is one field"));
            }
            headers.insert(known, name);
        }
        let currency = self.currency.as_ref();
        let currency = currency.map(|c| c.get_ref().parse().map_err(|e: &str| source.at(c, e))).transpose()?;
        Ok(Columns { headers, currency })
    }

    /// That there is somebody who vouches for the peer, where it is spoken to under TLS.
    fn vouched(
        &self,
        source: &Source<'_>,
        at: &Spanned<String>,
        target: &Target,
        authority: bool,
    ) -> Result<(), ConfigError> {
        if target.trust == Trust::Plain || authority || self.ca_file.is_some() {
            return Ok(());
        }
        Err(source.at(at, "TLS needs ca_file: a PEM file with the authorities that sign this vendor's certificate"))
    }

    fn mail_server(
        &self,
        source: &Source<'_>,
        server: &Spanned<String>,
        networks: &[Cidr],
    ) -> Result<Target, ConfigError> {
        let bad = || source.at(server, "not a mail server: give its name and port, such as mail.example.com:587");
        let authority: hyper::http::uri::Authority = server.get_ref().parse().map_err(|_| bad())?;
        let port = authority.port_u16().filter(|port| *port > 0).ok_or_else(bad)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || server.get_ref().contains('@') {
            return Err(bad());
        }
        let trust = match self.tls.unwrap_or(Tls::Starttls) {
            Tls::Starttls => Trust::StartTls,
            Tls::Implicit => Trust::Authorities,
            Tls::None => Trust::Plain,
        };
        if let (Trust::Plain, Ok(address)) = (trust, host.parse::<std::net::IpAddr>())
            && rackhand_adapters::tcp::network::Networks(networks.to_vec()).check_plain(address).is_err()
        {
            return Err(source.at(server, "without TLS only this host and the management networks are spoken to"));
        }
        Ok(Target { host: host.into(), port, trust })
    }
}

fn filled(source: &Source<'_>, text: &Spanned<String>) -> Result<String, ConfigError> {
    if text.get_ref().trim().is_empty() {
        return Err(source.at(text, "nothing is given here"));
    }
    Ok(text.get_ref().clone())
}

/// `DUNS:123456789`.
fn identity(source: &Source<'_>, text: &Spanned<String>) -> Result<Identity, ConfigError> {
    let parts = text.get_ref().split_once(':').map(|(domain, identity)| (domain.trim(), identity.trim()));
    match parts {
        Some((domain, identity)) if !domain.is_empty() && !identity.is_empty() => {
            Ok(Identity { domain: Text::new(domain), identity: Text::new(identity) })
        }
        _ => Err(source.at(text, "not an identity: give its domain and its name, such as DUNS:123456789")),
    }
}

fn mailbox(source: &Source<'_>, text: &Spanned<String>) -> Result<mail::Address, ConfigError> {
    mail::address(text.get_ref())
        .map_err(|_| source.at(text, "not a mail address: give it alone, such as orders@example.com"))
}

/// All vendors by their names.
pub(super) type RawVendors = BTreeMap<Spanned<String>, RawVendor>;

fn id(source: &Source<'_>, name: &Spanned<String>) -> Result<SellerId, ConfigError> {
    name.get_ref().parse().map_err(|e: &str| source.at(name, e))
}

/// Whether all vendors are well described, without looking at any file.
pub(super) fn check(
    source: &Source<'_>,
    raw: &RawVendors,
    networks: &[Cidr],
    authority: bool,
) -> Result<(), ConfigError> {
    for (name, vendor) in raw {
        vendor.title(source, id(source, name)?)?;
        vendor.channel(source, networks, authority, &|_| Ok(Secret::new("")))?;
    }
    Ok(())
}

/// All vendors with their secrets.
pub(super) fn read(
    source: &Source<'_>,
    raw: &RawVendors,
    (networks, authority): (&[Cidr], bool),
    (own, proxy): (&Tcp, Option<&Proxy>),
) -> Result<BTreeMap<SellerId, Vendor>, ConfigError> {
    let each = raw.iter().map(|(name, vendor)| {
        let id = id(source, name)?;
        let channel = vendor.channel(source, networks, authority, &|path| source.secret(path))?;
        let dial = vendor.ca_file.as_ref().map(|path| {
            let pem = source.content(path)?;
            Tcp::new(Some(&pem), networks.to_vec()).map_err(|e| source.at(path, e.to_string()))
        });
        let dial = match (dial.transpose()?, proxy) {
            (None, None) => None,
            (dial, proxy) => Some(dial.unwrap_or_else(|| own.clone()).through(proxy.cloned())),
        };
        let makes = vendor.makes.unwrap_or(bmc::Vendor::Other);
        Ok((id, Vendor { title: vendor.title(source, id)?, makes, channel, dial }))
    });
    each.collect()
}
