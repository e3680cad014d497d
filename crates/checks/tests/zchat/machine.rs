//! What happens to a program from outside: it is stopped, interrupted, its
//! link goes down or carries only small datagrams.

use std::process::Command;
use std::thread;
use std::time::Duration;

use checks::{Language, Random, skipped, two_hosts};
use testbed::{PATIENCE, Program, output};

use super::{alive, ends, lost, no_panic, shows, through_a_link};

in_both_languages! {
    both_leave_at_once
    stopped_for_two_seconds
    the_link_is_down_for_five_seconds
    an_mtu_of_576
}

/// Ctrl-C for both at once: one `kill` sends it.
fn interrupt_both(a: &Program, b: &Program) {
    let mut kill = Command::new("kill");
    kill.args(["-INT".to_string(), a.id().to_string(), b.id().to_string()]);
    let sent = output(&mut kill);
    assert!(sent.is_ok_and(|sent| sent.status.success()), "{kill:?}");
}

fn both_leave_at_once(language: Language) {
    if cfg!(windows) {
        return skipped("no way to send Ctrl-C on Windows");
    }
    let (server, client, _link) = through_a_link(language);
    interrupt_both(&server, &client);
    for program in [server, client] {
        let ended = program.end();
        no_panic(&ended);
        // One may be leaving for the other's BYE when the signal comes:
        // while Python ends, Ctrl-C has its usual effect again.
        let late = ended.code.is_none() && ended.stderr.contains("left");
        assert!(ended.code == Some(0) || late, "{ended:?}");
        assert!(!lost(&ended.stderr), "{}", ended.stderr);
    }
}

fn stopped_for_two_seconds(language: Language) {
    if cfg!(windows) {
        return skipped("no SIGSTOP on Windows");
    }
    let (mut server, mut client, _link) = through_a_link(language);
    server.signal("STOP");
    client.write(b"while you slept\n");
    thread::sleep(Duration::from_secs(2)); // The case itself.
    server.signal("CONT");
    shows(&server, b"while you slept\n");
    client.signal("STOP");
    server.write(b"and you\n");
    thread::sleep(Duration::from_secs(2)); // The same, the other way.
    client.signal("CONT");
    shows(&client, b"and you\n");
    client.write(b"end\n");
    shows(&server, b"while you slept\nend\n");
    ends(client, 0);
    alive(server);
}

/// `examples/two_hosts.sh`, and a process of each host, by number: 10.35.0.1,
/// 10.35.0.2. Gone when this is dropped.
struct Cable(Program, [String; 2]);

impl Cable {
    fn new(mtu: &str) -> Option<Cable> {
        let here = format!("ip link set cable mtu {mtu}; echo");
        let a = format!("{here} a $$; exec cat"); // It reads our pipe.
        let hosts = two_hosts(&format!("{here} b $$; exec sleep 3600"), &a)?;
        let hosts = Program::start("two_hosts", hosts);
        let number = |host| hosts.wait_for(host)[2..].to_string();
        let numbers = ["a ", "b "].map(number);
        Some(Cable(hosts, numbers))
    }

    /// A command that runs `program` at one end of the cable.
    fn at(&self, end: usize, program: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.1[end]]);
        command.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            value.map(|value| command.env(name, value));
        }
        command
    }

    fn start(&self, end: usize, language: Language, name: &str) -> Program {
        let mut program = checks::command(language, "zchat", name);
        program.args(["--host", "10.35.0.2", "--port", "3502"]);
        let name = format!("{language:?} {name} at {end}");
        Program::start(&name, self.at(end, &program))
    }

    /// Pulls the cable out ("down"), or puts it in ("up").
    fn set(&self, state: &str) {
        let mut ip = Command::new("ip");
        ip.args(["link", "set", "cable", state]);
        let ended = output(&mut self.at(0, &ip)).unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.0.close_input(); // So host a ends, and the script removes both.
        let _ = self.0.status_within(PATIENCE);
    }
}

fn the_link_is_down_for_five_seconds(language: Language) {
    let Some(cable) = Cable::new("1500") else {
        return skipped("there is no cable");
    };
    let mut server = cable.start(1, language, "server");
    server.address();
    let mut client = cable.start(0, language, "client");
    client.write(b"before\n");
    shows(&server, b"before\n");
    cable.set("down");
    client.write(b"from the client\n");
    server.write(b"from the server\n");
    thread::sleep(Duration::from_secs(5)); // The case itself.
    cable.set("up");
    shows(&server, b"before\nfrom the client\n");
    shows(&client, b"from the server\n");
    ends(client, 0);
    alive(server);
}

fn an_mtu_of_576(language: Language) {
    let Some(cable) = Cable::new("576") else {
        return skipped("there is no cable");
    };
    let mut server = cable.start(1, language, "server");
    server.address();
    let mut client = cable.start(0, language, "client");
    client.wait_for("connected");
    // Letters that zlib cannot make shorter than a datagram of 576 bytes.
    let mut random = Random(5);
    let mut letter = || char::from(b'!' + random.below(94) as u8);
    for _ in 0..3 {
        let line: String = (0..1024).map(|_| letter()).collect();
        let line = line + "\n";
        let end = |out: &str, _: &str| out.ends_with(&line).then_some(());
        client.write(line.as_bytes());
        server.wait_until("1,024 bytes", end);
        server.write(line.as_bytes());
        client.wait_until("1,024 bytes", end);
    }
    ends(client, 0);
    alive(server);
}
