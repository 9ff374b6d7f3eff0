//! Interfaces, MACs and cables in NetBox.

use rackhand_adapters::netbox::NetBox;
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::inventory::CablingPlan;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::placement::{cables_proven, macs_to_write, nics};
use rackhand_core::text::Text;

use super::{device_of, missing};

pub async fn look(netbox: &NetBox, unit: &Unit, step: Step) -> Result<Option<Observation>, Fault> {
    let device = device_of(unit)?.id;
    if step == Step::ReadCablingPlan {
        return netbox.cabling_plan(device).await.map(|p| Some(Observation::Plan(p)));
    }
    let report = unit.validation.report.as_ref().ok_or_else(|| missing("its report"))?;
    if step == Step::WriteInterfaces {
        let now = netbox.cabling_plan(device).await?;
        let all = macs_to_write(&now, report).is_empty() && nics(&now, report).missing.is_empty();
        return Ok(all.then_some(Observation::Interfaces));
    }
    let held = netbox.cables(device).await?;
    // As NetBox has them now: interfaces of NICs that it lacked have come since the plan was read.
    let interfaces = held.iter().map(|r| r.interface.clone()).collect();
    let all = cables_proven(&CablingPlan { interfaces, bmc: None }, report).into_iter().all(|(interface, port)| {
        held.iter().any(|r| {
            r.interface.id == interface
                && r.cable.as_ref().is_some_and(|c| c.connected)
                && r.interface.peer.as_ref().is_some_and(|there| there.is(&port))
        })
    });
    Ok(all.then_some(Observation::Cables))
}

pub async fn act(netbox: &NetBox, unit: &Unit, step: Step) -> Result<Text, Fault> {
    let device = device_of(unit)?.id;
    let report = unit.validation.report.as_ref().ok_or_else(|| missing("its report"))?;
    let plan = unit.plan.as_ref().ok_or_else(|| missing("its cabling plan"))?;
    if step == Step::WriteInterfaces {
        let lacking: Vec<(Text, Mac)> = nics(plan, report).missing.iter().map(|n| (n.name.clone(), n.mac)).collect();
        let mut macs = macs_to_write(plan, report);
        macs.extend(netbox.make_interfaces(device, &lacking).await?);
        netbox.write_macs(device, &macs).await?;
        return Ok(match lacking.len() {
            0 => format!("{} MACs written", macs.len()).into(),
            made => format!("{} MACs written, {made} interfaces made", macs.len()).into(),
        });
    }
    let now;
    let plan = if nics(plan, report).missing.is_empty() {
        plan
    } else {
        now = netbox.cabling_plan(device).await?;
        &now
    };
    let cables = cables_proven(plan, report);
    netbox.connect_cables(device, &cables).await?;
    Ok(format!("{} cables written", cables.len()).into())
}
