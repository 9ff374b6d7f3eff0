//! redfish
