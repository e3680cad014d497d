//! The tests of exercise 07. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket,
};
use std::thread;

use ErrorKind::AddrInUse;
use ex07_neighbour::{PORT, listen, look_up, my_address, place};
use kit::{
    Peer, Said, Shown, caught, check_waits, compared, doing, fail, far_away,
    free_port, in_use, said, skipped, value,
};

/// A host and a port.
type Place = Option<(String, u16)>;

/// What place() gives for these words.
fn placed(words: &[&str]) -> Place {
    place(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// It, in words.
fn shown(place: &Place) -> Said {
    match place {
        Some((host, port)) => said("a place", &[host, port]),
        None => value("None"),
    }
}

/// What is meant when the words at these two places are the host and the port.
fn meant(words: &[&str], host: usize, port: usize) -> Place {
    let port = match words.get(port) {
        Some(word) => word.parse().ok()?,
        None => PORT,
    };
    Some((words.get(host)?.to_string(), port))
}

/// Whether place() takes the words at these places for the host and the port.
fn does(host: usize, port: usize) -> bool {
    [&["pc"][..], &["pc", "4000"], &["1", "4000"], &["pc", "2", "4000"]]
        .iter()
        .all(|words| caught(|| placed(words)) == Some(meant(words, host, port)))
}

/// Fails if place() does not give this for these words.
fn check_place(words: &[&str], meant: Place) {
    let did = doing(said("called place", &[&format!("{words:?}")]));
    let Some(came) = caught(|| placed(words)) else {
        let why = match words {
            [] => "panics where there is no word",
            _ if meant.is_none() => "panics at what is no port",
            _ => return drop(placed(words)), // The kit tells of it.
        };
        fail(did, shown(&meant), "a panic", why)
    };
    if came == meant {
        return;
    }
    let number = words.get(1).and_then(|word| word.parse::<i32>().ok());
    let why = match (&came, &meant) {
        (Some(_), None) if words.is_empty() => "makes up a host",
        (Some((_, port)), None) if number.map(|n| n as u16) == Some(*port) => {
            "cuts the number off"
        }
        (Some(_), None) => "takes another port for it",
        _ if does(1, 2) => "counts from the program's name",
        _ if does(1, 0) => "takes the port first",
        (Some((host, PORT)), _) if host == words[0] => "does not read the port",
        (Some((host, _)), _) if host == words[0] => "gives another port",
        (Some((host, _)), _) if words.contains(&&**host) => {
            "takes another word for the host"
        }
        (Some((host, _)), _) => {
            let why = compared(words[0].as_bytes(), host.as_bytes());
            fail(did, shown(&meant), shown(&came), why)
        }
        (None, _) if placed(&["pc", "9"]).is_none() => "refuses words",
        (None, _) if placed(&["9"]) == Some(("9".into(), 9)) => {
            "takes the host for the port"
        }
        (None, _) if words.len() == 1 => "demands a port",
        (None, _) if number == Some(0) => "refuses port 0",
        (None, _) if number > Some(9) => "refuses a large port",
        (None, _) => "refuses words",
    };
    fail(did, shown(&meant), shown(&came), why);
}

#[kit::test]
fn step_1_reads_host_and_port() {
    check_place(&["pc-07"], Some(("pc-07".into(), PORT)));
    for (host, port) in
        [("PC-08", 4000), ("10.0.0.7", 1), ("b", 65_535), ("c", 0)]
    {
        let word = port.to_string();
        check_place(&[host, &word], Some((host.into(), port)));
    }
}

#[kit::test]
fn step_1_refuses_what_is_no_port() {
    for word in ["abc", "70000", "-1", "4000x", ""] {
        check_place(&["pc-07", word], None);
    }
    check_place(&[], None);
}

#[kit::test]
fn step_2_looks_up_names_and_numbers() {
    for (host, port) in [("127.0.0.1", 4000), ("localhost", 4001)] {
        let own = (host, port).to_socket_addrs();
        let own = own.ok().and_then(|mut all| all.find(|a| a.is_ipv4()));
        let Some(own) = own else {
            skipped(&said("no localhost", &[]).to_string());
            return drop(look_up(host, port));
        };
        let did = doing(said("called look_up", &[&host, &port]));
        let given = look_up(host, port);
        let six = || matches!(look_up("::1", port), Ok(a) if a.is_ipv6());
        let why = match &given {
            Ok(a) if *a == own => continue,
            Ok(a) if a.ip() == own.ip() => "loses the port",
            Ok(a) if a.is_ipv6() => "takes either family",
            Ok(_) => "gives another address",
            Err(_) if host == "localhost" => "knows numbers alone",
            Err(_) if six() => "looks for IPv6",
            Err(_) => "finds nothing",
        };
        fail(did, own, given, why);
    }
}

#[kit::test]
fn step_2_hands_on_that_there_is_no_address() {
    for (host, did, panics) in [
        (
            "::1",
            "called look_up with an IPv6 address",
            "panics without an IPv4 address",
        ),
        // A name with a zero in it cannot be: so no network is asked.
        (
            "nobody\0",
            "called look_up with a name that cannot be",
            "panics at a name that nobody has",
        ),
    ] {
        doing(did);
        match caught(|| look_up(host, 4000)) {
            Some(Err(_)) => {}
            Some(Ok(a)) if a.is_ipv6() => {
                fail(did, "an error", a, "takes either family")
            }
            Some(Ok(a)) => fail(did, "an error", a, "makes up an address"),
            None => fail(did, "an error", "a panic", panics),
        }
    }
}

#[kit::test]
fn step_3_listens_on_every_address() {
    let port = free_port();
    let meant = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let did = doing(said("called listen", &[&port]));
    let given = listen(port).and_then(|s| s.local_addr());
    let why = match &given {
        Ok(own) if *own == meant => return,
        Ok(own) if own.is_ipv6() => "listens on IPv6",
        Ok(own) if !own.ip().is_unspecified() => "listens at one address alone",
        Ok(_) => "takes another port",
        // The port was free.
        Err(e) if e.kind() == AddrInUse => "takes another port",
        Err(_) => "cannot listen",
    };
    let came = match &given {
        Ok(own) => said("a socket at", &[own]),
        Err(e) => value(e.shown()),
    };
    fail(did, said("a socket at", &[&meant]), came, why);
}

#[kit::test]
fn step_3_gives_a_socket_that_waits() {
    check_waits(listen(free_port()), "listen");
}

/// Calls my_address(), and fails for a reason that `judge` names, if it does.
fn check_my_address(
    neighbour: SocketAddr,
    expected: impl Shown,
    judge: impl Fn(&io::Result<IpAddr>) -> Option<&'static str>,
) {
    let did = doing(said("called my_address", &[&neighbour]));
    let given = my_address(neighbour);
    if let Some(why) = judge(&given) {
        fail(did, expected, given, why);
    }
}

#[kit::test]
fn step_4_finds_its_own_address() {
    let neighbour = Peer::new();
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let localhost = IpAddr::from(Ipv4Addr::LOCALHOST);
    check_my_address(neighbour.address(), localhost, |given| match given {
        Ok(own) if *own == localhost => None,
        Ok(own) if own.is_unspecified() => Some("not connected before it asks"),
        _ if in_use(given) && !in_use(&my_address(nobody)) => {
            Some("wants the neighbour's port")
        }
        _ if in_use(given) => Some("wants a fixed port"),
        _ => Some("asks for another way"),
    });
    // Nobody has the first address (RFC 5737), this machine neither; to the
    // second, which needs no network, Linux sends from 127.0.0.1.
    let far = [[192, 0, 2, 1], [127, 0, 0, 2]];
    let asked = if cfg!(target_os = "linux") { 2 } else { 1 };
    for far in &far[..asked] {
        let far = SocketAddr::from((*far, 3500));
        check_my_address(far, "an own address", |given| {
            let same = matches!(given, Ok(own) if *own == far.ip());
            same.then_some("gives the neighbour's address")
        });
    }
}

#[kit::test]
fn step_4_finds_the_way_out() {
    for (neighbour, meant) in far_away() {
        check_my_address(neighbour, &meant, |given| match given {
            Ok(own) if Some(*own) == meant.as_ref().ok().copied() => None,
            Ok(own) if own.is_loopback() && !neighbour.ip().is_multicast() => {
                Some("always says 127.0.0.1")
            }
            Ok(own) if own.is_loopback() => Some("is at localhost"),
            Err(_) if meant.is_ok() && !in_use(given) => {
                Some("is at localhost")
            }
            _ => None,
        });
    }
}

#[kit::test]
fn step_4_needs_no_certain_port() {
    let neighbour = Peer::new().address();
    doing("called my_address side by side");
    let _ = my_address(neighbour);
    // Who wants this port finds it taken; who wants another one, now and then.
    let _taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT));
    let often = || (0..1000).any(|_| in_use(&my_address(neighbour)));
    let taken = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(often)).collect();
        all.into_iter().any(|one| one.join().is_ok_and(|taken| taken))
    });
    if taken {
        let did = "called my_address side by side";
        fail(did, "own addresses", AddrInUse, "wants a fixed port");
    }
}

#[kit::test]
fn step_4_hands_the_error_of_connect_on() {
    // A socket of IPv4 cannot be connected to an address of IPv6.
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, 9));
    check_my_address(six, "an error", |given| {
        let lost = matches!(given, Ok(own) if own.is_ipv4());
        lost.then_some("loses the error of connect")
    });
}

#[kit::test]
fn step_4_sends_nothing() {
    let neighbour = Peer::new();
    let did = doing("called my_address, looked at the neighbour");
    let _ = my_address(neighbour.address());
    if let Some(first) = neighbour.came_first() {
        fail(did, "nothing at the neighbour", first, "disturbs the neighbour");
    }
}
