#!/usr/bin/env bash
# From an order to staged servers by the command line alone, against a demo that runs beside it:
#
#     rackhand demo --serve --speed 300 &      # prints the directory of its sockets
#     tests/order.sh DIRECTORY
#
# Needs jq. RACKHAND names the program where it is not on the path.
set -euo pipefail
dir=${1:?the directory that \`rackhand demo --serve\` printed}
rackhand=${RACKHAND:-rackhand}

# as NAME VERB...: in the demo whoever connects to NAME.sock is that person.
as() { local who=$1; shift; "$rackhand" --host "unix://$dir/$who.sock" "$@"; }
step() { printf '\n== %s\n' "$*"; }
# until_true SECONDS TEST: asks each second whether jq finds TEST true of the order.
until_true() {
    local left=$1
    until as anna order show "$order" --json | jq -e "$2" >/dev/null; do
        ((left-- > 0)) || { as anna order show "$order" >&2; echo "order $order never had: $2" >&2; exit 1; }
        sleep 1
    done
}
ids() { as anna order show "$order" --json | jq -r '.lines[].units[].id' | sort; }
serials() { as anna order show "$order" --json | jq -r '.lines[].units[].label'; }

step "anna orders four servers that nobody has in stock"
order=$(as anna order place --json --tenant acme --site fra1 --model poweredge-r750 \
    --line '4: 2x Xeon Gold 6430, 512GB DDR5, 2x 3.84TB NVMe, 2x 100GbE' | jq '.rows[0].order')
before=$(ids)
echo "order $order, servers" $before

step "both vendors make offers"
as anna order wait "$order" deciding --offers 2 --timeout 2m
as berta order compare "$order"
best=$(as berta order compare "$order" --json | jq -c '.offers[0]')
vendor=$(jq -r .seller <<<"$best")
amount=$(jq -r '.total.minor | "\(. / 100 | floor).\(. % 100 + 100 | tostring[1:])"' <<<"$best")

step "berta and carl approve $amount of $vendor: it is above the limit for one person"
as berta order approve "$order" --vendor "$vendor" --amount "$amount"
until_true 5 ".purchase == null and (.approvals | length) == 1"
as carl order approve "$order" --vendor "$vendor" --amount "$amount"

step "the vendor takes the purchase order, ships, and sends the serials"
as anna order wait "$order" shipping --timeout 3m
as anna order purchase "$order"
until_true 180 "[.deals[].shipments[] | .notice.items[]] | length == 4"
until_true 180 "[.deals[].shipments[].tracked[][0].status] | length > 0 and all(. == \"delivered\")"

step "tina scans the boxes at the dock"
serials | as tina receive --site fra1 -
as anna order wait "$order" delivered --timeout 1m

step "anna has them placed; tina mounts them and scans each rack"
until_true 120 "[.lines[].units[] | select(.stage == \"received\")] | length == 4"
for _ in {1..60}; do # NetBox's new devices are read a moment later
    # shellcheck disable=SC2046
    as anna place $(serials) && break
    sleep 1
done
# shellcheck disable=SC2046
as tina work-order $(serials)
for serial in $(serials); do
    for _ in {1..60}; do
        rack=$(as anna show "$serial" --json | jq -r '.unit.row.waits_for | capture("to be racked at (?<rack>[^ ]+) ").rack')
        [ -n "$rack" ] && as tina scan-rack "$serial" "$rack" && break
        sleep 1
    done
done

step "they are cabled, found by their BMCs, checked and staged"
until_true 600 "[.lines[].units[] | select(.stage == \"staged\")] | length == 4"
as anna order show "$order"
after=$(ids)
[ "$before" = "$after" ] || { echo "other servers than were ordered: $after" >&2; exit 1; }
echo "the four servers that were ordered are staged:" $after
