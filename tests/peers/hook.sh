#!/usr/bin/env bash
# Stand-in for the hook such a tap starts for every ACK: looks the MAC up in NetBox and posts an event.
# Two curl, three jq, two date.
# usage: hook.sh NETBOX MAC ADDRESS HOSTNAME
netbox=$1 mac=$2 address=$3 name=$4
seen=$(date -u +%Y-%m-%dT%H:%M:%SZ)
found=$(curl -sS -H 'Accept: application/json' "$netbox/api/dcim/mac-addresses/?mac_address=$mac")
count=$(jq -r '.count' <<<"$found")
device=$(jq -r '.results[0].assigned_object.device.id // "none"' <<<"$found")
event=$(jq -cn --arg mac "$mac" --arg address "$address" --arg name "$name" --arg seen "$seen" --arg device "$device" \
    --arg count "$count" '{mac: $mac, address: $address, name: $name, seen: $seen, device: $device, count: $count}')
curl -sS -o /dev/null -X POST -H 'Content-Type: application/json' --data "$event" "$netbox/events"
echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $mac $address device=$device" >>"${HOOK_LOG:-/dev/null}"
