//! How an access point is protected, from the three sets of flags by which NetworkManager tells.

use loop_proto::wifi::Security;

/// `NM_802_11_AP_FLAGS_PRIVACY`: something protects it.
const PRIVACY: u32 = 0x1;

/// `NM_802_11_AP_SEC_KEY_MGMT_*`: what may be shown to be let in.
const PSK: u32 = 0x100;
const ACCOUNT: u32 = 0x200;
const SAE: u32 = 0x400;
const OWE: u32 = 0x800;
const ACCOUNT_192: u32 = 0x2000;

/// Of an access point with these `Flags`, `WpaFlags` and `RsnFlags`. Where it takes either an account or a password, it takes
/// a password.
pub(crate) fn of(flags: u32, wpa: u32, rsn: u32) -> Security {
    let takes = |set: u32, what: u32| set & what != 0;
    match (takes(rsn, PSK), takes(rsn, SAE)) {
        (true, true) => Security::Wpa2Wpa3,
        (true, false) => Security::Wpa2,
        (false, true) => Security::Wpa3,
        (false, false) if takes(wpa, PSK) => Security::Wpa,
        (false, false) if takes(wpa | rsn, ACCOUNT | ACCOUNT_192) => Security::Enterprise,
        (false, false) if takes(rsn, OWE) => Security::EnhancedOpen,
        (false, false) if takes(flags, PRIVACY) => Security::Wep,
        (false, false) => Security::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_points_as_they_are_met_are_told_apart() {
        // CCMP pairwise and in the group beside each way in; 392 is what a WPA2 access point told a real NetworkManager.
        let ccmp = 0x88;
        for (flags, wpa, rsn, security) in [
            (0, 0, 0, Security::Open),
            (1, 0, 0, Security::Wep),
            (1, 0, 392, Security::Wpa2),
            (1, ccmp | PSK, 0, Security::Wpa),
            (1, ccmp | PSK, ccmp | PSK, Security::Wpa2),
            (1, 0, ccmp | SAE, Security::Wpa3),
            (1, 0, ccmp | PSK | SAE, Security::Wpa2Wpa3),
            (1, 0, ccmp | ACCOUNT, Security::Enterprise),
            (1, 0, ccmp | ACCOUNT_192, Security::Enterprise),
            (1, ccmp | ACCOUNT, 0, Security::Enterprise),
            (1, 0, ccmp | ACCOUNT | PSK, Security::Wpa2),
            (1, 0, ccmp | OWE, Security::EnhancedOpen),
            // The open half of a pair whose other half is enhanced.
            (0, 0, 0x1000, Security::Open),
        ] {
            assert_eq!(of(flags, wpa, rsn), security, "{flags:x} {wpa:x} {rsn:x}");
        }
    }
}
