//! BMCs with iLO 5, iLO 6 and iDRAC 9 personalities.
