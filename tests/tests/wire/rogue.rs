//! A DHCP server that has no business on the segment.

use rackhand_core::view::RogueServer;
use rackhand_core::view::questions::Counts;

use crate::client::Client;
use crate::namespace::alone;
use crate::segment::{self, INTERFACE, eventually};
use crate::server::{Kind, Server};
use crate::support::console::{connect, soon};
use crate::support::daemon::Place;

#[test]
fn a_lease_of_a_server_that_is_not_on_the_list_is_told_of_and_not_taken() {
    alone(&["dnsmasq", "udhcpc"], || async {
        segment::lay();
        segment::plug("bmc", "94:40:c9:11:22:33");
        let mut place = Place::alone();
        place.more += &format!("[intake]\ninterfaces = [\"{INTERFACE}\"]\nservers = [\"10.77.0.2\"]\n");
        let daemon = place.start(None).await;
        let (console, _) = connect(&place.socket()).await.unwrap();
        let _server = Server::start(Kind::Dnsmasq, "");
        let client = Client::udhcpc("bmc");
        let runtime = tokio::runtime::Handle::current();
        let rogues = || -> Vec<RogueServer> {
            let ask = async { console.ask(soon(), Counts).await.unwrap().answer.health.rogue_servers };
            tokio::task::block_in_place(|| runtime.block_on(ask))
        };
        eventually("told of", || !rogues().is_empty(), || place.log()).await;
        client.renew("bmc").await;
        eventually("told of again", || rogues()[0].leases > 1, || format!("{:?}", rogues())).await;
        assert_eq!((rogues().len(), rogues()[0].address), (1, Some([10, 77, 0, 1].into())));
        assert!(place.log().contains("not on the list"), "{}", place.log());
        assert!(place.told().is_empty(), "{:?}", place.events());
        assert!(daemon.terminate().await.success());
    });
}
