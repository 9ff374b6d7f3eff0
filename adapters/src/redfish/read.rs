//! The readers: which resources tell a section, on each controller by what it offers.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_core::bmc::Power;
use rackhand_core::bmc::inventory::{Adapter, Drive, FirmwareComponent, Inventory, Neighbour};
use rackhand_core::bmc::reading::{
    AccountsReading, BmcReading, BootReading, IdentityReading, Licence, Log, PowerReading, Section, SensorsReading,
    Unread,
};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde_json::Value;

use super::conversation::Conversation;
use super::parse::{self, Slot, identity, inventory, power, sensors};
use super::wire::{at, link, list, text};

/// Entries read of one log at most, the newest.
const MAX_ENTRIES: usize = 512;

/// Log services read at most.
const MAX_LOGS: usize = 32;

/// Network adapters whose ports are read at most.
const MAX_ADAPTERS: usize = 64;

/// Storage resources whose drives are read at most. iLO has one for each NVMe drive.
const MAX_STORAGE: usize = 128;

/// Drives read of each at most: a controller with full shelves has 240.
const MAX_DRIVES: usize = 256;

/// Where reading of each log goes on: numbers of newest entries read before, by the log's name.
pub type Cursors = BTreeMap<Text, u64>;

impl Conversation {
    /// Reads one section into `all`.
    pub(super) async fn section(&mut self, what: Section, after: &Cursors, all: &mut BmcReading) -> Result<(), Fault> {
        match what {
            Section::Identity => all.identity = Some(self.identity().await?),
            Section::Power => all.power = Some(self.power_reading().await?),
            Section::Boot => all.boot = Some(self.boot().await?),
            Section::Sensors => all.sensors = Some(self.sensors().await?),
            Section::Logs => all.logs = Some(self.logs(after).await?),
            Section::Firmware => all.firmware = Some(self.firmware().await?),
            Section::Accounts => all.accounts = Some(self.accounts().await?),
            Section::Inventory => all.inventory = Some(self.inventory().await?),
        }
        Ok(())
    }

    /// Reads several sections, each within `each`, and all before `until`. One that fails is told as unread, as are those
    /// that time did not suffice for; where two in a row could not be reached, the rest is not tried, since each would
    /// take its time. Where nothing could be read, that is the fault.
    pub(super) async fn sections(
        &mut self,
        what: &[Section],
        after: &Cursors,
        each: Duration,
        until: Timestamp,
    ) -> Result<BmcReading, Fault> {
        let mut all = BmcReading::default();
        let mut silent = 0;
        for section in what {
            let clock = self.talk().client.clock.clone();
            let left = until.since(clock.now());
            let span = each.min(left);
            let read = if left.is_zero() {
                Err("not asked: the time was over")
            } else if silent == 2 {
                Err("not asked: it was silent before")
            } else {
                let read = clock.timeout(span, self.section(*section, after, &mut all)).await;
                read.ok_or(if left < each { "not read before the time was over" } else { "not read in time" })
            };
            all.unread.append(&mut self.talk().left_out);
            let fault = match read {
                Ok(Ok(())) => {
                    silent = 0;
                    continue;
                }
                Ok(Err(fault)) => fault,
                Err(why) => self.session.talk.fault(Kind::Transient, why),
            };
            if silent < 2 {
                silent = if fault.kind == Kind::Transient { silent + 1 } else { 0 };
            }
            all.unread.push(Unread { what: Text::new(section.word()), fault });
        }
        match all.unread.first() {
            Some(first) if all == only_unread(&all) => Err(first.fault.clone()),
            _ => Ok(all),
        }
    }

    pub(super) async fn identity(&mut self) -> Result<IdentityReading, Fault> {
        let driver = self.driver;
        let mut read = identity::system(driver, &self.body);
        let known = self.root.identity();
        (read.controller, read.controller_firmware) = (Some(known.controller), known.firmware);
        let manager = self.manager().await?.clone();
        identity::manager(driver, &manager, &mut read);
        read.locator = identity::locator(driver, &self.chassis().await?.1);
        let protocol = self.maybe(link(&manager, &["NetworkProtocol"])).await?;
        if let Some(protocol) = &protocol {
            identity::services(protocol, &mut read);
        }
        read.certificate = self.certificate(&manager, protocol.as_ref()).await?.map(|c| identity::certificate(&c));
        read.licences = self.licences(&manager).await?;
        Ok(read)
    }

    /// Licences: of iLO's own service, of the standard's, or of iDRAC's manager, where firmware 6 has them. Where none of
    /// these is there, it is not known which it has.
    async fn licences(&mut self, manager: &Value) -> Result<Vec<Licence>, Fault> {
        let hpe = link(manager, &["Oem", "Hpe", "Links", "LicenseService"]);
        let standard = match &hpe {
            Some(_) => None,
            None => self.maybe(self.root.licences.clone()).await?.and_then(|s| link(&s, &["Licenses"])),
        };
        let dell = link(manager, &["Links", "Oem", "Dell", "DellLicenseCollection"]);
        for path in [hpe, standard, dell].into_iter().flatten() {
            match self.members(&path).await {
                Err(fault) if fault.kind == Kind::Gone => {}
                listed => return Ok(listed?.iter().map(identity::licence).collect()),
            }
        }
        self.talk().leave_out("licences", "it lists none in any place that is known");
        Ok(Vec::new())
    }

    /// The certificate resource: behind `NetworkProtocol.HTTPS` by the standard, behind the security service on iLO.
    async fn certificate(&mut self, manager: &Value, protocol: Option<&Value>) -> Result<Option<Value>, Fault> {
        if let Some(held) = protocol.and_then(|p| link(p, &["HTTPS", "Certificates"])) {
            return Ok(self.linked(Some(held)).await?.into_iter().next());
        }
        let service = self.maybe(link(manager, &["Oem", "Hpe", "Links", "SecurityService"])).await?;
        self.maybe(service.and_then(|s| link(&s, &["Links", "HttpsCert"]))).await
    }

    pub(super) async fn power_reading(&mut self) -> Result<PowerReading, Fault> {
        let driver = self.driver;
        let chassis = self.chassis().await?.1.clone();
        let mut read = match self.maybe(link(&chassis, &["Power"])).await? {
            Some(body) => power::power(driver, &body),
            None => self.power_subsystem(&chassis).await?,
        };
        read.state = Some(self.system.power()).filter(|p| *p != Power::Unknown);
        Ok(read)
    }

    async fn power_subsystem(&mut self, chassis: &Value) -> Result<PowerReading, Fault> {
        let mut read = PowerReading::default();
        if let Some(metrics) = self.maybe(link(chassis, &["EnvironmentMetrics"])).await? {
            power::environment(&metrics, &mut read);
        }
        if let Some(subsystem) = self.maybe(link(chassis, &["PowerSubsystem"])).await? {
            read.capacity_watts = super::wire::number(&subsystem, &["CapacityWatts"]);
            let supplies = self.linked(link(&subsystem, &["PowerSupplies"])).await?;
            read.supplies = supplies.iter().map(power::supply).collect();
        }
        Ok(read)
    }

    pub(super) async fn boot(&mut self) -> Result<BootReading, Fault> {
        let mut read = identity::boot(self.driver, &self.body);
        let (pending, on_settings) = self.boot_override().await?;
        if on_settings {
            (read.target, read.enabled, read.on_settings) = (pending.target, pending.enabled, true);
        }
        let options = self.linked(link(&self.body, &["Boot", "BootOptions"])).await?;
        let names: BTreeMap<Text, Text> = options.iter().filter_map(identity::boot_option).collect();
        for option in &mut read.order {
            option.name = names.get(&option.reference).cloned();
        }
        if let Some(secure) = self.maybe(link(&self.body, &["SecureBoot"])).await? {
            identity::secure_boot(&secure, &mut read);
        }
        Ok(read)
    }

    pub(super) async fn sensors(&mut self) -> Result<SensorsReading, Fault> {
        let driver = self.driver;
        let chassis = self.chassis().await?.1.clone();
        let collection = link(&chassis, &["Sensors"]);
        let thermal = self.maybe(link(&chassis, &["Thermal"])).await?;
        let mut read = match &thermal {
            Some(body) => sensors::thermal(driver, body),
            None => self.thermal_subsystem(&chassis).await?,
        };
        sensors::system_health(&self.body, &mut read);
        read.cpu_percent = (driver.cpu_in_system)(&self.body);
        // The one sensor we want by its link, so that the others need not be read.
        if read.cpu_percent.is_none()
            && self.system.power() == Power::On
            && let Some(path) = self.cpu_sensor(collection).await?
        {
            read.cpu_percent = self.maybe(Some(path)).await?.as_ref().and_then(sensors::utilisation);
        }
        if read.parts.is_empty() {
            let rollups = link(&self.body, &["Links", "Oem", "Dell", "DellRollupStatusCollection"]);
            read.parts = self.linked(rollups).await?.iter().filter_map(sensors::rollup).collect();
        }
        Ok(read)
    }

    /// The link to the sensor of CPU utilisation, by its id, which is the last part of its path.
    async fn cpu_sensor(&mut self, collection: Option<String>) -> Result<Option<String>, Fault> {
        let Some(listed) = self.maybe(collection).await? else { return Ok(None) };
        let paths = list(&listed, &["Members"]).iter().filter_map(|m| link(m, &[]));
        let driver = self.driver;
        let is_cpu = |path: &String| {
            let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            (driver.is_cpu_sensor)(&serde_json::json!({ "Id": id }))
        };
        Ok(paths.into_iter().find(is_cpu))
    }

    async fn thermal_subsystem(&mut self, chassis: &Value) -> Result<SensorsReading, Fault> {
        let mut read = SensorsReading::default();
        for sensor in self.linked(link(chassis, &["Sensors"])).await? {
            sensors::sensor(self.driver, &sensor, &mut read);
        }
        if let Some(subsystem) = self.maybe(link(chassis, &["ThermalSubsystem"])).await? {
            let fans = self.linked(link(&subsystem, &["Fans"])).await?;
            read.fans = fans.iter().filter_map(sensors::subsystem_fan).collect();
        }
        Ok(read)
    }

    pub(super) async fn logs(&mut self, after: &Cursors) -> Result<Vec<Log>, Fault> {
        let of_system = link(&self.body, &["LogServices"]);
        let of_manager = link(self.manager().await?, &["LogServices"]);
        let mut services = self.linked(of_system).await?;
        services.extend(self.linked(of_manager).await?);
        let mut logs = Vec::new();
        for service in self.talk().first("logs", &services, MAX_LOGS) {
            let Some(entries) = link(service, &["Entries"]) else { continue };
            let name = text(service, &["Id"]).unwrap_or_else(|| Text::new("unnamed"));
            let since = after.get(&name).copied();
            let driver = self.driver;
            let known = |number: Option<u64>| matches!((number, since), (Some(n), Some(s)) if n <= s);
            // Older pages of a log that lists its newest first are not asked for.
            let wanted = |page: &[Value]| {
                driver.oldest_entries_first || !page.last().is_some_and(|e| known((driver.entry_number)(e)))
            };
            let most = if driver.oldest_entries_first { super::wire::MAX_LISTED } else { MAX_ENTRIES };
            let (members, mut more) = match self.talk().pages(entries, most, wanted).await {
                Err(fault) if fault.kind == Kind::Gone => continue,
                read => read?,
            };
            let mut entries = parse::entries(driver, &members);
            // Of what is listed, not of what is left of it: an entry that only counts another one is read, too.
            let cursor = members.iter().filter_map(driver.entry_number).max().or(since);
            entries.retain(|e| !known(e.number));
            more |= entries.len() > MAX_ENTRIES;
            entries.truncate(MAX_ENTRIES);
            logs.push(Log { name, entries, cursor, more });
        }
        Ok(logs)
    }

    pub(super) async fn firmware(&mut self) -> Result<Vec<FirmwareComponent>, Fault> {
        let driver = self.driver;
        let service = self.maybe(self.root.updates.clone()).await?;
        let listed = self.linked(service.and_then(|s| link(&s, &["FirmwareInventory"]))).await?;
        let all: Vec<FirmwareComponent> = listed.iter().map(|c| inventory::firmware(driver, c)).collect();
        Ok(without_twins(all))
    }

    pub(super) async fn accounts(&mut self) -> Result<AccountsReading, Fault> {
        let Some(service) = self.maybe(self.root.accounts.clone()).await? else {
            return Ok(AccountsReading::default());
        };
        let mut read = identity::account_service(&service);
        for account in self.linked(link(&service, &["Accounts"])).await? {
            match identity::account(&account) {
                Slot::Used(account) => read.accounts.push(account),
                Slot::Free(id) => read.free_slots.push(id),
                Slot::Unusable => {}
            }
        }
        Ok(read)
    }

    pub(super) async fn inventory(&mut self) -> Result<Inventory, Fault> {
        let memory = self.linked(link(&self.body, &["Memory"])).await?;
        let processors = self.linked(link(&self.body, &["Processors"])).await?;
        let drives = self.drives().await?;
        let (adapters, own) = self.adapters().await?;
        let management = match own {
            Some(heard) => Some(heard),
            None => self.dedicated_port().await?,
        };
        Ok(Inventory {
            memory: memory.iter().filter_map(inventory::memory).collect(),
            processors: processors.iter().filter_map(inventory::processor).collect(),
            drives,
            adapters,
            interfaces: self.nics().await,
            management,
        })
    }

    /// What the controller's own port hears, where its manager lists that port (DSP0268 `DedicatedNetworkPorts`).
    async fn dedicated_port(&mut self) -> Result<Option<Neighbour>, Fault> {
        let ports = link(self.manager().await?, &["DedicatedNetworkPorts"]);
        Ok(self.linked(ports).await?.iter().filter_map(inventory::port).find_map(|p| p.neighbour))
    }

    /// Drives of `Storage`; where it knows none, of iLO 5's Smart Array tree; else of `SimpleStorage`.
    async fn drives(&mut self) -> Result<Vec<Drive>, Fault> {
        let mut drives = Vec::new();
        let listed = self.linked(link(&self.body, &["Storage"])).await?;
        for storage in self.talk().first("storage", &listed, MAX_STORAGE) {
            for drive in self.talk().first("drives", list(storage, &["Drives"]), MAX_DRIVES) {
                drives.extend(self.maybe(link(drive, &[])).await?.as_ref().and_then(inventory::drive));
            }
        }
        if drives.is_empty() {
            drives = self.smart_array_drives().await?;
        }
        if drives.is_empty() {
            let simple = self.linked(link(&self.body, &["SimpleStorage"])).await?;
            drives = simple.iter().flat_map(inventory::simple_storage).collect();
        }
        Ok(drives)
    }

    async fn smart_array_drives(&mut self) -> Result<Vec<Drive>, Fault> {
        let tree = self.maybe(link(&self.body, &["Oem", "Hpe", "Links", "SmartStorage"])).await?;
        let mut drives = Vec::new();
        let controllers = self.linked(tree.and_then(|t| link(&t, &["Links", "ArrayControllers"]))).await?;
        for controller in self.talk().first("array controllers", &controllers, MAX_STORAGE) {
            let listed = self.linked(link(controller, &["Links", "PhysicalDrives"])).await?;
            drives.extend(listed.iter().filter_map(inventory::smart_array_drive));
        }
        Ok(drives)
    }

    /// The host's adapters, and what the controller's own port hears where that is told among theirs.
    async fn adapters(&mut self) -> Result<(Vec<Adapter>, Option<Neighbour>), Fault> {
        let chassis = self.chassis().await?.1.clone();
        let mut adapters = Vec::new();
        let listed = self.linked(link(&chassis, &["NetworkAdapters"])).await?;
        for body in self.talk().first("network adapters", &listed, MAX_ADAPTERS) {
            let ports = link(body, &["Ports"]).or_else(|| link(body, &["NetworkPorts"]));
            let ports = self.linked(ports).await?.iter().filter_map(inventory::port).collect();
            adapters.push(Adapter { ports, ..inventory::adapter(body) });
        }
        let own = link(&self.body, &["Oem", "Hpe", "Links", "NetworkAdapters"]);
        for other in self.linked(own).await?.iter().filter_map(inventory::base_adapter) {
            match adapters.iter_mut().find(|known| inventory::is_same_card(known, &other)) {
                None => adapters.push(other),
                // Of an InfiniBand card, the ports' addresses stand in this list alone.
                Some(known) if known.ports.is_empty() => known.ports = other.ports,
                Some(_) => {}
            }
        }
        let own = self.neighbours(&mut adapters).await?;
        Ok((adapters, own))
    }

    /// iDRAC tells LLDP neighbours in a resource of its own, that of its own port among them.
    async fn neighbours(&mut self, adapters: &mut [Adapter]) -> Result<Option<Neighbour>, Fault> {
        const PATH: [&str; 4] = ["Links", "Oem", "Dell", "DellSwitchConnectionCollection"];
        let path = at(self.manager().await?, &PATH).and_then(|l| link(l, &[]));
        let mut own = None;
        for (function, neighbour) in self.linked(path).await?.iter().filter_map(inventory::switch_connection) {
            if function.starts_with("iDRAC.") {
                own.get_or_insert(neighbour);
                continue;
            }
            let mut ports = adapters.iter_mut().flat_map(|a| &mut a.ports);
            let its = ports.find(|p| p.id.as_ref().is_some_and(|id| inventory::of_port(&function, id)));
            if let Some(port) = its {
                port.neighbour.get_or_insert(neighbour);
            }
        }
        Ok(own)
    }
}

/// The same with nothing but what could not be read.
fn only_unread(all: &BmcReading) -> BmcReading {
    BmcReading { unread: all.unread.clone(), ..BmcReading::default() }
}

/// iDRAC lists what runs once as `Installed-...` and, for some, once more as `Current-...` (recorded): the second is
/// left out.
fn without_twins(all: Vec<FirmwareComponent>) -> Vec<FirmwareComponent> {
    let installed: std::collections::BTreeSet<Text> =
        all.iter().filter_map(|c| Some(Text::new(c.id.as_ref()?.strip_prefix("Installed-")?))).collect();
    let twin = |c: &FirmwareComponent| {
        c.id.as_ref().and_then(|id| id.strip_prefix("Current-")).is_some_and(|id| installed.contains(&Text::new(id)))
    };
    all.into_iter().filter(|c| !twin(c)).collect()
}
