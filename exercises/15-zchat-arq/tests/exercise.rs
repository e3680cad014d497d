//! The tests of exercise 15. You need not change this file.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use badlink::{BadLink, Direction, Fates, Shares};
use ex15_zchat_arq::frontend::{arrow, note, run};
use ex15_zchat_arq::{
    Action, Event, Frame, Session, WAIT, handle, new_message, old_message,
    send_ack, send_again, send_next, send_text, take_ack, take_message,
};
use kit::{Step, Told, beside, exercise, say};

const STEPS: [Step; 7] = [
    (1, "send the next message", "mandá el próximo mensaje"),
    (2, "send again what is due", "volvé a mandar lo que venció"),
    (3, "take an acknowledgement", "tomá una confirmación"),
    (4, "take a new message", "tomá un mensaje nuevo"),
    (5, "take an old message", "tomá un mensaje viejo"),
    (6, "tell the messages apart", "distinguí los mensajes"),
    (7, "join the steps", "uní los pasos"),
];

const MS: Duration = Duration::from_millis(1);

/// The picture of a conversation, line by line.
#[derive(Clone, Default)]
struct Ladder(Vec<String>);

impl Ladder {
    /// The names of the two sides.
    fn new(left: &str, right: &str) -> Ladder {
        Ladder(vec![format!("{:10}{left:<20}{right:>22}", "")])
    }

    fn line(&mut self, now: Duration, line: &str, more: &str) {
        let line = format!("{:>7.3} s {line} {more}", now.as_secs_f64());
        self.0.push(line.trim_end().to_string());
    }

    fn actions(&mut self, now: Duration, at_left: bool, actions: &[Action]) {
        for action in actions {
            let line = match action {
                Action::Send(frame) => arrow(at_left, frame, true),
                Action::Show(text) => note(at_left, &shows(text)),
            };
            self.line(now, &line, "");
        }
    }

    /// The words, and below them the picture; of a long one, both its ends.
    fn below(&self, words: &str) -> String {
        let mut text = words.to_string();
        let (first, last) = (20, self.0.len().saturating_sub(10));
        for (i, line) in self.0.iter().enumerate() {
            if i < first || i >= last {
                text += &format!("\n      {line}");
            } else if i == first {
                text += "\n                ...";
            }
        }
        text
    }
}

fn shows(text: &str) -> String {
    format!("{} {text:?}", say("shows", "muestra"))
}

/// Actions for a person to read.
fn words(actions: &[Action]) -> String {
    let word = |action: &Action| match action {
        Action::Send(frame) => format!("{} {frame}", say("sends", "manda")),
        Action::Show(text) => shows(text),
    };
    let all: Vec<String> = actions.iter().map(word).collect();
    match &all[..] {
        [] => say("does nothing", "no hace nada").to_string(),
        all => all.join(say(", then ", ", y después ")),
    }
}

/// A session of the student's at the left, and the test at the right.
struct Scene {
    s: Session,
    now: Duration,
    ladder: Ladder,
}

impl Scene {
    fn new() -> Scene {
        let ladder =
            Ladder::new(say("your side", "tu lado"), say("test", "prueba"));
        Scene { s: Session::begin(), now: Duration::ZERO, ladder }
    }

    fn types(&mut self, text: &str) {
        let words = format!("{} {text:?}", say("typed:", "escrito:"));
        self.ladder.line(self.now, &note(true, &words), "");
        self.s.queue.push_back(text.to_string());
    }

    /// What a step of the student's does; drawn.
    fn does(
        &mut self,
        step: impl FnOnce(&mut Session, Duration) -> Vec<Action>,
    ) -> Vec<Action> {
        let actions = step(&mut self.s, self.now);
        self.ladder.actions(self.now, true, &actions);
        actions
    }

    fn sends_next(&mut self) -> Vec<Action> {
        self.does(send_next)
    }

    /// Lets time pass, and the alarm ring.
    fn later(&mut self, time: Duration) -> Vec<Action> {
        self.now += time;
        let words = say("alarm", "alarma");
        self.ladder.line(self.now, &note(true, words), "");
        self.does(send_again)
    }

    /// An acknowledgement comes from the test.
    fn acknowledges(&mut self, number: u32) -> Vec<Action> {
        self.now += 10 * MS;
        let line = arrow(false, &Frame::Ack { number }, true);
        self.ladder.line(self.now, &line, "");
        self.does(|s, now| take_ack(s, now, number))
    }

    /// A message comes from the test; `step` is to take it.
    fn says(
        &mut self,
        number: u32,
        text: &str,
        step: impl FnOnce(&mut Session, u32, String) -> Vec<Action>,
    ) -> Vec<Action> {
        self.now += 10 * MS;
        let text = text.to_string();
        let frame = Frame::Text { number, text: text.clone() };
        self.ladder.line(self.now, &arrow(false, &frame, true), "");
        self.does(|s, _| step(s, number, text))
    }

    /// Fails if these texts are not what waits in the queue.
    fn queue_is(&self, meant: &[&str], did: &str, cause: &str) {
        if self.s.queue != meant {
            let queue = say("the queue:", "la cola:");
            let came = format!("{queue} {:?}", self.s.queue);
            Told {
                did,
                expected: &format!("{queue} {meant:?}"),
                came: &self.ladder.below(&came),
                cause,
            }
            .fail();
        }
    }

    /// Fails if the actions are not the `meant` ones.
    fn check(
        &self,
        did: &str,
        came: &[Action],
        meant: &[Action],
        cause: impl FnOnce() -> &'static str,
    ) {
        if came != meant {
            Told {
                did,
                expected: &words(meant),
                came: &self.ladder.below(&words(came)),
                cause: cause(),
            }
            .fail();
        }
    }
}

#[test]
fn step_1_numbers_and_sends() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        for text in ["hola", "chau"] {
            scene.types(text);
        }
        let came = scene.sends_next();
        let did = say(
            "called send_next() with two messages in the queue",
            "llamó a send_next() con dos mensajes en la cola",
        );
        scene.check(did, &came, &[send_text(1, "hola")], || {
            if came == [send_text(0, "hola")] {
                say(
                    "Your first message has the number 0: the receiver expects 1, and takes 0 for one that it has shown already; count first, then send.",
                    "Tu primer mensaje lleva el número 0: quien recibe espera el 1, y toma el 0 por uno que ya mostró; primero contá, después mandá.",
                )
            } else if came == [send_text(1, "chau")] {
                say(
                    "Your send_next() takes the last message of the queue: who waits longest goes first, and `pop_front` takes it.",
                    "Tu send_next() saca el último mensaje de la cola: sale primero el que más esperó, y `pop_front` saca ese.",
                )
            } else {
                say(
                    "Your send_next() does not send the first message of the queue, once, as number 1.",
                    "Tu send_next() no manda el primer mensaje de la cola, una vez, como número 1.",
                )
            }
        });
        if scene.s.sent != 1 {
            let came = format!("sent = {}", scene.s.sent);
            Told {
                did,
                expected: say(
                    "sent = 1 in the session afterwards",
                    "después, sent = 1 en la sesión",
                ),
                came: &scene.ladder.below(&came),
                cause: say(
                    "Your send_next() does not keep the number that it has sent: `s.sent` is where the next message finds it, or that one is number 1 as well.",
                    "Tu send_next() no guarda el número que mandó: el próximo mensaje lo busca en `s.sent`, y si no está ahí, también lleva el número 1.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_1_sets_the_timer() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        scene.now = 5 * WAIT;
        scene.types("hola");
        scene.sends_next();
        let (came, meant) = (scene.s.deadline(), scene.now + WAIT);
        if came != Some(meant) {
            let at = |at: Duration| format!("{:.3} s", at.as_secs_f64());
            let far = scene.now + 1000 * WAIT;
            let came = came.filter(|came| *came < far).map(at);
            let cause = match came {
                None => say(
                    "Your message goes out without its timer: if it is lost, nobody will send it again; put it in flight, due at `now + WAIT`.",
                    "Tu mensaje sale sin su temporizador: si se pierde, nadie lo vuelve a mandar; ponelo en vuelo, con vencimiento en `now + WAIT`.",
                ),
                Some(_) => say(
                    "Your message has a timer, but its `due` is not `now + WAIT`: `now` is when the message goes out, and WAIT is how long to wait from then on.",
                    "Tu mensaje tiene temporizador, pero su `due` no es `now + WAIT`: `now` es cuándo sale el mensaje, y WAIT, cuánto hay que esperar desde ahí.",
                ),
            };
            let none = say("no alarm", "ninguna alarma");
            let came = came.as_deref().unwrap_or(none);
            Told {
                did: say(
                    "called send_next(), then deadline()",
                    "llamó a send_next(), y después a deadline()",
                ),
                expected: &at(meant),
                came: &scene.ladder.below(came),
                cause,
            }
            .fail();
        }
    });
}

#[test]
fn step_1_sends_one_at_a_time() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        for text in ["hola", "chau"] {
            scene.types(text);
        }
        scene.sends_next();
        scene.queue_is(
            &["chau"],
            say(
                "called send_next() with \"hola\" and \"chau\" in the queue",
                "llamó a send_next() con \"hola\" y \"chau\" en la cola",
            ),
            say(
                "Your send_next() does not take out of the queue what it sends: it would be sent again, as the next message.",
                "Tu send_next() no saca de la cola lo que manda: saldría otra vez, como el próximo mensaje.",
            ),
        );
        scene.now += 10 * MS;
        let came = scene.sends_next();
        let did = say(
            "called send_next() twice, and acknowledged nothing",
            "llamó a send_next() dos veces, y no confirmó nada",
        );
        scene.check(did, &came, &[], || {
            say(
                "Your send_next() sends while a message is in flight: stop and wait means one at a time, and the next goes out after the acknowledgement.",
                "Tu send_next() manda mientras hay un mensaje en vuelo: parada y espera quiere decir de a uno, y el próximo sale después de la confirmación.",
            )
        });
        scene.queue_is(
            &["chau"],
            did,
            say(
                "Your send_next() takes a message out of the queue while another one is in flight, and does not send it: so it is lost; first look at `flight`.",
                "Tu send_next() saca un mensaje de la cola mientras hay otro en vuelo, y no lo manda: así se pierde; primero mirá `flight`.",
            ),
        );
    });
}

#[test]
fn step_1_has_nothing_to_send() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        let came = scene.sends_next();
        let did = say(
            "called send_next() with an empty queue",
            "llamó a send_next() con la cola vacía",
        );
        scene.check(did, &came, &[], || {
            say(
                "Your send_next() sends although nobody has typed anything.",
                "Tu send_next() manda aunque nadie escribió nada.",
            )
        });
        scene.types("hola");
        let came = scene.sends_next();
        scene.check(did, &came, &[send_text(1, "hola")], || {
            say(
                "Your send_next() counts, or waits for an acknowledgement, although it had nothing to send.",
                "Tu send_next() cuenta, o espera una confirmación, aunque no tenía nada que mandar.",
            )
        });
    });
}

#[test]
fn step_1_counts_up() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        scene.s.expect = 4;
        let did = say(
            "sent \"hola\", then \"chau\"; the peer had sent three messages",
            "mandó \"hola\" y después \"chau\"; el otro lado había mandado tres",
        );
        for (number, text) in [(1, "hola"), (2, "chau")] {
            scene.types(text);
            let came = scene.sends_next();
            scene.check(did, &came, &[send_text(number, text)], || {
                say(
                    "Your send_next() does not take the number from `s.sent`: your messages are 1, 2, 3, whatever number the peer has reached, and `s.expect` is the peer's.",
                    "Tu send_next() no saca el número de `s.sent`: tus mensajes son 1, 2, 3, vaya por donde vaya el otro lado, y `s.expect` es del otro lado.",
                )
            });
            scene.s.flight = None; // It is acknowledged, without step 3.
        }
    });
}

/// Why a message that is due is not sent again as it was.
fn not_again(scene: &Scene, came: &[Action], first: bool) -> &'static str {
    let (due, now) = (scene.s.deadline(), scene.now);
    match came {
        [Action::Send(Frame::Text { number: 2.., .. })] => say(
            "Your send_again() gives the message a new number: the receiver takes it for another message, and shows it twice.",
            "Tu send_again() le da un número nuevo al mensaje: quien recibe lo toma por otro mensaje, y lo muestra dos veces.",
        ),
        [_, ..] => say(
            "Your message goes out again without its text, or with something else: who takes the text away from `flight`? It is needed there for the next time.",
            "Tu mensaje vuelve a salir sin su texto, o con otra cosa: ¿quién saca el texto de `flight`? Ahí hace falta para la próxima vez.",
        ),
        [] if first && due == Some(now) => say(
            "Your send_again() does not send the message at the very moment when it is due: the alarm rings at `due`, and not a moment later.",
            "Tu send_again() no manda el mensaje en el momento justo en que vence: la alarma suena en `due`, y no un momento después.",
        ),
        [] if first => say(
            "Your send_again() takes the message out of `s.flight`, or sets its timer, at an alarm that rings before `due`: such an alarm changes nothing.",
            "Tu send_again() saca el mensaje de `s.flight`, o le cambia el temporizador, con una alarma que suena antes de `due`: esa alarma no cambia nada.",
        ),
        [] if due.is_some_and(|due| due < now + 1000 * WAIT) => say(
            "Your send_again() waits longer than WAIT for the next time: here the wait does not grow, and after each sending `due` is `now + WAIT`.",
            "Tu send_again() espera más que WAIT hasta la próxima vez: acá la espera no crece, y después de cada envío `due` es `now + WAIT`.",
        ),
        [] => say(
            "Your send_again() gives up: the second sending can be lost as the first was, so the timer goes on until the acknowledgement comes.",
            "Tu send_again() se rinde: el segundo envío se puede perder igual que el primero, así que el temporizador sigue hasta que llega la confirmación.",
        ),
    }
}

#[test]
fn step_2_sends_again_when_due() {
    exercise(&STEPS, || {
        let mut scene = Scene::new(); // Before step 1's `todo!` is met.
        let did = say(
            "let the alarm ring, and nothing was in flight",
            "hizo sonar la alarma, y no había nada en vuelo",
        );
        let came = scene.later(WAIT);
        scene.check(did, &came, &[], || {
            say(
                "Your send_again() sends although nothing is in flight.",
                "Tu send_again() manda aunque no hay nada en vuelo.",
            )
        });
        let mut scene = Scene::new();
        let did = say(
            "sent \"hola\", did not acknowledge it, and let the alarm ring",
            "mandó \"hola\", no lo confirmó, e hizo sonar la alarma",
        );
        scene.types("hola");
        scene.sends_next();
        let came = scene.later(WAIT - MS);
        scene.check(did, &came, &[], || {
            say(
                "Your send_again() does not look at the time: the acknowledgement may be on its way, and until `due` there is nothing to do.",
                "Tu send_again() no mira la hora: la confirmación puede estar en camino, y hasta `due` no hay nada que hacer.",
            )
        });
        let came = scene.later(MS);
        scene.check(did, &came, &[send_text(1, "hola")], || {
            not_again(&scene, &came, true)
        });
        for _ in 0..20 {
            let came = scene.later(WAIT - MS);
            scene.check(did, &came, &[], || {
                say(
                    "Your send_again() does not set the timer anew, or sets it too early: after each sending there is nothing to do until `now + WAIT`.",
                    "Tu send_again() no vuelve a fijar el temporizador, o lo fija para demasiado pronto: después de cada envío no hay nada que hacer hasta `now + WAIT`.",
                )
            });
            let came = scene.later(MS);
            scene.check(did, &came, &[send_text(1, "hola")], || {
                not_again(&scene, &came, false)
            });
        }
    });
}

#[test]
fn step_2_counts_from_now() {
    exercise(&STEPS, || {
        Scene::new().later(MS); // Or its `todo!` would be step 1's.
        let mut scene = Scene::new();
        scene.types("hola");
        scene.sends_next();
        let did = say(
            "let the alarm ring late, and then once more at once",
            "hizo sonar la alarma tarde, y en seguida otra vez",
        );
        let came = scene.later(7 * WAIT / 2);
        scene.check(did, &came, &[send_text(1, "hola")], || {
            say(
                "Your send_again() does not send when the alarm is late: from `due` on, it is due.",
                "Tu send_again() no manda si la alarma llega tarde: desde `due`, está vencido.",
            )
        });
        let came = scene.later(MS);
        scene.check(did, &came, &[], || {
            say(
                "Your send_again() counts from the old `due`: after a late alarm the new one has passed already, and the message goes out several times; count from `now`.",
                "Tu send_again() cuenta desde el `due` anterior: después de una alarma tardía, el nuevo ya pasó, y el mensaje sale varias veces; contá desde `now`.",
            )
        });
    });
}

#[test]
fn step_3_lets_the_next_one_go() {
    exercise(&STEPS, || {
        let mut scene = Scene::new(); // Before step 1's `todo!` is met.
        let did = say(
            "acknowledged number 1, and nothing was sent",
            "confirmó el número 1, y no se mandó nada",
        );
        let came = scene.acknowledges(1);
        scene.check(did, &came, &[], || {
            say(
                "Your take_ack() does something although nothing was sent.",
                "Tu take_ack() hace algo aunque no se mandó nada.",
            )
        });
        let mut scene = Scene::new();
        let did = say(
            "sent \"hola\" and acknowledged it, with \"chau\" in the queue",
            "mandó \"hola\" y lo confirmó, con \"chau\" en la cola",
        );
        for text in ["hola", "chau"] {
            scene.types(text);
        }
        scene.sends_next();
        let came = scene.acknowledges(1);
        let full = scene.s.flight.as_ref().is_some_and(|f| f.number == 1);
        scene.check(did, &came, &[send_text(2, "chau")], || match &came[..] {
            [] if full => say(
                "Your take_ack() leaves number 1 in `s.flight`, and while a message is there, send_next() sends nothing: take it out first.",
                "Tu take_ack() deja el número 1 en `s.flight`, y mientras haya un mensaje ahí, send_next() no manda nada: primero sacalo.",
            ),
            [] => say(
                "Your take_ack() leaves the next message in the queue: nothing else will send it; after the acknowledgement it is its turn.",
                "Tu take_ack() deja el próximo mensaje en la cola: nadie más lo va a mandar; después de la confirmación le toca a él.",
            ),
            _ => say(
                "Your take_ack() sends something else, or more: after the acknowledgement one message goes out, what send_next() gives.",
                "Tu take_ack() manda otra cosa, o más: después de la confirmación sale un solo mensaje, lo que da send_next().",
            ),
        });
        let came = scene.acknowledges(2);
        scene.check(did, &came, &[], || {
            say(
                "Your take_ack() sends something, and the queue is empty.",
                "Tu take_ack() manda algo, y la cola está vacía.",
            )
        });
        let came = scene.later(WAIT);
        scene.check(did, &came, &[], || {
            say(
                "Your take_ack() leaves an acknowledged message in flight: the timer goes on sending it.",
                "Tu take_ack() deja en vuelo un mensaje del que ya llegó la confirmación: el temporizador lo sigue mandando.",
            )
        });
    });
}

/// Why the timer is silent after an acknowledgement of another number.
fn silenced(scene: &Scene) -> &'static str {
    if scene.s.flight.is_none() {
        say(
            "Your take_ack() empties `s.flight` before it knows that the numbers are equal: `take()` takes the message out at once, and then no timer sends it again.",
            "Tu take_ack() vacía `s.flight` antes de saber si los números son iguales: `take()` saca el mensaje en el acto, y después ningún temporizador lo vuelve a mandar.",
        )
    } else {
        say(
            "Your take_ack() changes the timer, or what is in flight, at an acknowledgement that has nothing to do with it.",
            "Tu take_ack() cambia el temporizador, o lo que está en vuelo, con una confirmación que no tiene nada que ver.",
        )
    }
}

#[test]
fn step_3_ignores_another_number() {
    exercise(&STEPS, || {
        Scene::new().acknowledges(7); // Or its `todo!` would be step 1's.
        let mut scene = Scene::new();
        for text in ["hola", "chau"] {
            scene.types(text);
        }
        scene.sends_next();
        let did = say(
            "sent \"hola\", number 1, and acknowledged number 7",
            "mandó \"hola\", número 1, y confirmó el número 7",
        );
        let came = scene.acknowledges(7);
        scene.check(did, &came, &[], || {
            say(
                "Your take_ack() takes any acknowledgement for the right one: if number 1 was lost, it is never shown; compare the numbers.",
                "Tu take_ack() acepta cualquier confirmación: si el número 1 se perdió, nunca se muestra; compará los números.",
            )
        });
        let came = scene.later(WAIT - 10 * MS);
        let meant = [send_text(1, "hola")];
        scene.check(did, &came, &meant, || silenced(&scene));
    });
}

#[test]
fn step_3_sends_nothing_at_a_duplicate() {
    exercise(&STEPS, || {
        Scene::new().acknowledges(1); // Or its `todo!` would be step 1's.
        let mut scene = Scene::new();
        for text in ["hola", "chau", "fin"] {
            scene.types(text);
        }
        scene.sends_next();
        scene.acknowledges(1);
        let did = say(
            "acknowledged number 1 again, while number 2 was in flight",
            "volvió a confirmar el número 1, con el número 2 en vuelo",
        );
        for _ in 0..3 {
            let came = scene.acknowledges(1);
            scene.check(did, &came, &[], || match &came[..] {
                [Action::Send(Frame::Text { number: 2, .. })] => say(
                    "Your take_ack() sends again at a duplicate acknowledgement: each copy makes another copy, and it never ends; only the timer sends again.",
                    "Tu take_ack() vuelve a mandar ante una confirmación duplicada: cada copia produce otra copia, y no termina nunca; solo el temporizador vuelve a mandar.",
                ),
                _ => say(
                    "Your take_ack() takes an old acknowledgement for that of the message in flight: if that one is lost, nobody notices; the numbers must be equal.",
                    "Tu take_ack() toma una confirmación vieja por la del mensaje en vuelo: si ese se pierde, nadie se entera; los números tienen que ser iguales.",
                ),
            });
        }
        let came = scene.later(WAIT - 30 * MS);
        let meant = [send_text(2, "chau")];
        scene.check(did, &came, &meant, || silenced(&scene));
    });
}

#[test]
fn step_4_shows_then_acknowledges() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        for (number, text) in [(1, "hola"), (2, "chau"), (3, "chau")] {
            let came = scene.says(number, text, |s, _, t| new_message(s, t));
            let did = say(
                "let new_message() take one message after the other",
                "le dio a new_message() un mensaje después de otro",
            );
            let meant = [Action::Show(text.to_string()), send_ack(number)];
            scene.check(did, &came, &meant, || {
                let [show, ack] = &meant;
                if came == [ack.clone(), show.clone()] {
                    say(
                        "Your new_message() acknowledges before it shows: if showing fails, the sender believes that somebody has read it.",
                        "Tu new_message() confirma antes de mostrar: si no se puede mostrar, quien lo mandó cree que alguien lo leyó.",
                    )
                } else if came == [show.clone(), send_ack(number + 1)] {
                    say(
                        "Your new_message() acknowledges the next number, as TCP does: here an acknowledgement has the number of the message that came.",
                        "Tu new_message() confirma el número siguiente, como hace TCP: acá la confirmación lleva el número del mensaje que llegó.",
                    )
                } else if number > 1 {
                    say(
                        "Your new_message() does not count: after each message, the expected number is the next one.",
                        "Tu new_message() no cuenta: después de cada mensaje, el número que se espera es el siguiente.",
                    )
                } else if came == [show.clone()] {
                    say(
                        "Your new_message() shows and does not acknowledge: the sender will send this message for ever.",
                        "Tu new_message() muestra y no confirma: quien lo mandó va a mandar este mensaje para siempre.",
                    )
                } else {
                    say(
                        "Your new_message() does not give two actions: show the text, then send the acknowledgement.",
                        "Tu new_message() no da dos acciones: mostrar el texto, y después mandar la confirmación.",
                    )
                }
            });
        }
    });
}

#[test]
fn step_5_acknowledges_again() {
    exercise(&STEPS, || {
        for number in [3, 1] {
            let mut scene = Scene::new();
            scene.s.expect = 4;
            let text = ["hola", "chau", "fin"][number as usize - 1];
            let came = scene.says(number, text, |_, n, _| old_message(n));
            let did = say(
                "let old_message() take a message that was shown long ago",
                "le dio a old_message() un mensaje que ya se mostró",
            );
            scene.check(did, &came, &[send_ack(number)], || {
                match &came[..] {
                    [] => say(
                        "Your old_message() is silent: if the first acknowledgement was lost, the sender waits for this one, and sends for ever.",
                        "Tu old_message() no dice nada: si se perdió la primera confirmación, quien mandó espera esta, y manda para siempre.",
                    ),
                    _ => say(
                        "Your old_message() does something else than acknowledge the number that came.",
                        "Tu old_message() hace otra cosa que confirmar el número que llegó.",
                    ),
                }
            });
        }
    });
}

#[test]
fn step_6_shows_each_once() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        let show = |text: &str| Action::Show(text.to_string());
        let did = say(
            "sent messages 1 and 2, and again what it had sent",
            "mandó los mensajes 1 y 2, y de nuevo lo que ya había mandado",
        );
        for (number, text, new) in [
            (1, "hola", true),
            (1, "hola", false),
            (2, "chau", true),
            (1, "hola", false),
            (2, "chau", false),
            (2, "chau", false),
        ] {
            let came = scene.says(number, text, take_message);
            let meant = match new {
                true => vec![show(text), send_ack(number)],
                false => vec![send_ack(number)],
            };
            scene.check(did, &came, &meant, || {
                if new {
                    say(
                        "Your take_message() does not take the expected message for a new one.",
                        "Tu take_message() no toma el mensaje que se espera por uno nuevo.",
                    )
                } else if came.contains(&show(text)) {
                    say(
                        "Your take_message() shows a duplicate: its number lies before the expected one, so it was shown already.",
                        "Tu take_message() muestra un duplicado: su número es anterior al que se espera, así que ya se mostró.",
                    )
                } else {
                    say(
                        "Your take_message() throws a duplicate away: it is not shown, but it must be acknowledged again, as an old one.",
                        "Tu take_message() descarta un duplicado: no se muestra, pero hay que volver a confirmarlo, como con uno viejo.",
                    )
                }
            });
        }
    });
}

#[test]
fn step_6_ignores_the_future() {
    exercise(&STEPS, || {
        let mut scene = Scene::new();
        let did = say(
            "sent message 3 before 1 and 2",
            "mandó el mensaje 3 antes que el 1 y el 2",
        );
        let came = scene.says(3, "fin", take_message);
        scene.check(did, &came, &[], || {
            let showed = |action: &Action| matches!(action, Action::Show(_));
            if came.iter().any(showed) {
                say(
                    "Your take_message() shows a message from the future: those before it are missing, and would never be shown.",
                    "Tu take_message() muestra un mensaje del futuro: faltan los anteriores, y no se mostrarían nunca.",
                )
            } else if came != [send_ack(3)] {
                say(
                    "Your take_message() answers a message from the future: even an old acknowledgement says nothing new; do nothing, and the message will come again.",
                    "Tu take_message() contesta un mensaje del futuro: ni siquiera una confirmación vieja dice algo nuevo; no hagas nada, y el mensaje va a volver.",
                )
            } else {
                say(
                    "Your take_message() acknowledges a message from the future: the sender believes that it was shown, and never sends it again.",
                    "Tu take_message() confirma un mensaje del futuro: quien lo mandó cree que se mostró, y no lo manda nunca más.",
                )
            }
        });
        let came = scene.says(1, "hola", take_message);
        let meant = [Action::Show("hola".to_string()), send_ack(1)];
        scene.check(did, &came, &meant, || {
            say(
                "Your take_message() expects another number after a message from the future: such a message changes nothing.",
                "Tu take_message() espera otro número después de un mensaje del futuro: ese mensaje no cambia nada.",
            )
        });
    });
}

/// One side of a conversation in virtual time.
struct Side {
    s: Session,
    /// What becomes of the datagrams that it sends.
    fates: Fates,
    /// What the peer has to show: what this side has typed.
    typed: Vec<&'static str>,
    /// How many of the peer's messages it has shown.
    shown: usize,
    /// How many of its own messages have been acknowledged, as it has heard.
    heard: u32,
    /// When it sent which number last.
    last: Option<(Duration, u32)>,
}

/// A conversation of the student's with the student's, in virtual time.
struct World {
    now: Duration,
    sides: [Side; 2],
    /// What is on its way: when it arrives, and a number that keeps the order;
    /// to which side, what, and since when if it is late.
    air: BTreeMap<(Duration, u32), (usize, Frame, Option<Duration>)>,
    sent: u32,
    ladder: Ladder,
}

/// What is wrong with a conversation: what happened, and the likely cause.
type Wrong = (String, &'static str);

impl World {
    /// A conversation that has not begun; 0 is the left side.
    fn new(typed: [&[&'static str]; 2], shares: Shares, seed: u64) -> World {
        let side = |i: usize| Side {
            s: Session::begin(),
            fates: Fates::new(
                shares,
                seed,
                [Direction::There, Direction::Back][i],
            ),
            typed: typed[i].to_vec(),
            shown: 0,
            heard: 0,
            last: None,
        };
        let (now, air) = (Duration::ZERO, BTreeMap::new());
        let sides = [side(0), side(1)];
        World { now, sides, air, sent: 0, ladder: Ladder::new("ana", "beto") }
    }

    /// Lets everything happen, in its order, until nothing is left to happen.
    fn run(&mut self) -> Result<(), Wrong> {
        for i in [0, 1] {
            for text in self.sides[i].typed.clone() {
                self.event(i, Event::Typed(text.to_string()))?;
            }
        }
        for _ in 0..2000 {
            let arrival = self.air.keys().next().map(|(at, _)| (*at, None));
            let alarms =
                [0, 1].map(|i| Some((self.sides[i].s.deadline()?, Some(i))));
            // Of two that come at the same time, the arrival is the first.
            let all = [arrival].into_iter().chain(alarms).flatten();
            let Some((at, alarm)) = all.min_by_key(|(at, _)| *at) else {
                return self.end();
            };
            self.now = self.now.max(at);
            match alarm {
                Some(i) => self.event(i, Event::Alarm)?,
                None => self.arrive()?,
            }
        }
        let what = say("it never ends", "no termina nunca");
        let cause = if self.sides.iter().all(|side| side.shown == 0) {
            say(
                "Your handle() shows nothing of what came: the list that take_message() gives is the answer, and nobody else does what stands in it.",
                "Tu handle() no muestra nada de lo que llegó: la lista que da take_message() es la respuesta, y nadie más hace lo que dice.",
            )
        } else {
            say(
                "A side goes on for ever: is it acknowledged again what was shown before, and does each alarm send or set a new time?",
                "Un lado sigue para siempre: ¿se vuelve a confirmar lo que ya se mostró, y cada alarma manda algo o fija otra hora?",
            )
        };
        Err((what.to_string(), cause))
    }

    /// Nothing is left to happen: was everything shown?
    fn end(&self) -> Result<(), Wrong> {
        for (i, side) in self.sides.iter().enumerate() {
            let Some(text) = side.typed.get(self.sides[1 - i].shown) else {
                continue;
            };
            let never = say(
                "nothing happens any more, and this was never shown:",
                "ya no pasa nada, y esto nunca se mostró:",
            );
            let cause = match side.last {
                None => say(
                    "A message that was typed is not sent: put it in the queue, then send_next(), which knows whether it is its turn.",
                    "Un mensaje escrito no se manda: ponelo en la cola, y después send_next(), que sabe si le toca.",
                ),
                Some(_) => say(
                    "A message that was lost is not sent again, or one that came is not shown: an alarm leads to send_again(), a Text to take_message(), an Ack to take_ack(), and what they give is the answer.",
                    "Un mensaje perdido no se vuelve a mandar, o uno que llegó no se muestra: una alarma lleva a send_again(), un Text a take_message(), un Ack a take_ack(), y lo que dan es la respuesta.",
                ),
            };
            return Err((format!("{never} {text:?}"), cause));
        }
        Ok(())
    }

    /// The next datagram arrives.
    fn arrive(&mut self) -> Result<(), Wrong> {
        let Some((_, (to, frame, since))) = self.air.pop_first() else {
            return Ok(());
        };
        if let Some(since) = since {
            let late = say("late, sent at", "tarde, salió a los");
            let late = format!("{late} {:.3} s", since.as_secs_f64());
            self.ladder.line(self.now, &arrow(to == 1, &frame, true), &late);
        }
        if let Frame::Ack { number } = frame {
            let side = &mut self.sides[to];
            side.heard = side.heard.max(number);
        }
        self.event(to, Event::Came(frame))
    }

    /// Something happens to a side, and it does what that makes necessary.
    fn event(&mut self, i: usize, event: Event) -> Result<(), Wrong> {
        let alarm = matches!(event, Event::Alarm);
        if alarm {
            let line = note(i == 0, say("alarm", "alarma"));
            self.ladder.line(self.now, &line, "");
        }
        let flying = |s: &Session| s.flight.as_ref().map(|f| f.number);
        let before = flying(&self.sides[i].s);
        let actions = handle(&mut self.sides[i].s, self.now, event);
        let after = flying(&self.sides[i].s);
        let sends = |action: &Action| matches!(action, Action::Send(_));
        if let Some(number) = after
            && after != before
            && !actions.iter().any(sends)
        {
            let what = say(
                "in flight, and not sent: message",
                "en vuelo, y sin mandar: el mensaje",
            );
            return Err((
                format!("{what} {number}"),
                say(
                    "Your handle() throws away what send_next() or take_ack() gives: they put a message in flight, and it leaves only if their list is the answer.",
                    "Tu handle() descarta lo que dan send_next() o take_ack(): ponen un mensaje en vuelo, que sale solamente si la respuesta es esa lista.",
                ),
            ));
        }
        for action in actions {
            match action {
                Action::Show(text) => self.show(i, &text)?,
                Action::Send(frame) => self.send(i, frame, alarm)?,
            }
        }
        let again = self.sides[i].s.deadline().is_some_and(|at| at <= self.now);
        if alarm && again {
            let what = say("the alarm does nothing", "la alarma no hace nada");
            return Err((
                what.to_string(),
                say(
                    "An alarm rings, and the message in flight is neither sent again nor due later: an Alarm leads to send_again().",
                    "Suena una alarma, y el mensaje en vuelo no se vuelve a mandar ni vence más tarde: un Alarm lleva a send_again().",
                ),
            ));
        }
        Ok(())
    }

    fn show(&mut self, i: usize, text: &str) -> Result<(), Wrong> {
        self.ladder.line(self.now, &note(i == 0, &shows(text)), "");
        let next = self.sides[1 - i].typed.get(self.sides[i].shown);
        if next.is_none_or(|next| *next != text) {
            let shown = self.sides[i].shown;
            let before = self.sides[1 - i].typed[..shown].contains(&text);
            let what = if before {
                say("shown twice:", "se mostró dos veces:")
            } else {
                say("shown too early:", "se mostró antes de tiempo:")
            };
            return Err((
                format!("{what} {text:?}"),
                if before {
                    say(
                        "A message is shown each time that it comes: its number says whether it is a new one.",
                        "Un mensaje se muestra cada vez que llega: su número dice si es nuevo.",
                    )
                } else {
                    say(
                        "A message is shown before its turn, and one before it is lost: who was told that it had arrived?",
                        "Un mensaje se muestra antes de que le toque, y uno anterior se perdió: ¿a quién se le dijo que había llegado?",
                    )
                },
            ));
        }
        self.sides[i].shown += 1;
        Ok(())
    }

    fn send(
        &mut self,
        i: usize,
        frame: Frame,
        alarm: bool,
    ) -> Result<(), Wrong> {
        let (now, shown) = (self.now, self.sides[i].shown);
        let side = &mut self.sides[i];
        let turn = |text: &str, number: u32| {
            let place = side.typed.iter().position(|typed| *typed == text);
            place.is_none_or(|place| place + 1 == number as usize)
        };
        let wrong = match frame {
            Frame::Ack { number } if number as usize > shown => Some((
                say("acknowledged, and not shown", "confirmado, y sin mostrar"),
                say(
                    "A message is acknowledged that nobody has seen: show it first.",
                    "Se confirma un mensaje que nadie vio: primero mostralo.",
                ),
            )),
            Frame::Text { number, ref text } if !turn(text, number) => Some((
                say("sent out of turn", "salió fuera de turno"),
                say(
                    "A message leaves before one that was typed earlier: a new one goes to the queue's end, and leaves when it is the first.",
                    "Un mensaje sale antes que otro escrito primero: uno nuevo va al final de la cola, y sale cuando es el primero.",
                ),
            )),
            Frame::Text { number, .. } if number > side.heard + 1 => Some((
                say("two in flight", "dos en vuelo"),
                say(
                    "A message is sent before the one before it is acknowledged: one at a time.",
                    "Sale un mensaje antes de que llegue la confirmación del anterior: van de a uno.",
                ),
            )),
            Frame::Text { number, .. } => {
                let early = side
                    .last
                    .is_some_and(|(at, n)| n == number && now < at + WAIT);
                side.last = Some((now, number));
                (early && !alarm).then_some((
                    say("sent again too early", "se volvió a mandar antes de tiempo"),
                    say(
                        "Something else than the timer sends a message again.",
                        "Algo que no es el temporizador vuelve a mandar un mensaje.",
                    ),
                ))
            }
            Frame::Ack { .. } => None,
        };
        if let Some((what, cause)) = wrong {
            self.ladder.line(now, &arrow(i == 0, &frame, true), "");
            return Err((format!("{what}: {frame}"), cause));
        }
        let fate = side.fates.next(&frame.pack());
        let (line, more) = match (fate.copies, fate.delay) {
            (0, _) => (arrow(i == 0, &frame, false), say("lost", "se pierde")),
            (_, Some(_)) => {
                let late = say("will be late", "llega tarde");
                (note(i == 0, &format!("{frame} ({late})")), "")
            }
            (1, None) => (arrow(i == 0, &frame, true), ""),
            (_, None) => {
                (arrow(i == 0, &frame, true), say("twice", "dos veces"))
            }
        };
        self.ladder.line(now, &line, more);
        for _ in 0..fate.copies {
            self.sent += 1;
            let at = now + fate.delay.unwrap_or(10 * MS);
            let late = fate.delay.map(|_| now);
            self.air.insert((at, self.sent), (1 - i, frame.clone(), late));
        }
        Ok(())
    }
}

/// Holds a conversation with each seed, and fails with the shortest picture of
/// one of the first 20 that went wrong.
fn converse(
    did: &str,
    typed: [&[&'static str]; 2],
    shares: Shares,
    seeds: u64,
) {
    let failed = (1..=seeds).filter_map(|seed| {
        let mut world = World::new(typed, shares, seed);
        let (what, cause) = world.run().err()?;
        Some((world.ladder, what, cause))
    });
    let shortest = failed.take(20).min_by_key(|(ladder, ..)| ladder.0.len());
    if let Some((ladder, what, cause)) = shortest {
        Told {
            did,
            expected: say(
                "each message is shown once, and in order",
                "cada mensaje se muestra una vez, y en orden",
            ),
            came: &ladder.below(&what),
            cause,
        }
        .fail();
    }
}

#[test]
fn step_7_talks_over_a_good_link() {
    exercise(&STEPS, || {
        converse(
            say(
                "let two of your sessions talk over a link that loses nothing",
                "hizo conversar a dos sesiones tuyas por un enlace que no pierde nada",
            ),
            [&["hola", "chau"], &["buenas"]],
            Shares::default(),
            1,
        );
    });
}

/// A link that loses, repeats, and delivers late: later than WAIT.
fn bad() -> Shares {
    Shares {
        lose: 0.25,
        duplicate: 0.15,
        delay: 0.15,
        delay_by: 3 * WAIT / 2,
        ..Shares::default()
    }
}

#[test]
fn step_7_survives_a_bad_link() {
    exercise(&STEPS, || {
        converse(
            say(
                "let ana talk to beto over a link that loses, repeats and delays",
                "hizo que ana le hable a beto por un enlace que pierde, repite y demora",
            ),
            [&["hola", "todo bien?", "chau"], &[]],
            bad(),
            300,
        );
    });
}

#[test]
fn step_7_survives_it_in_both_directions() {
    exercise(&STEPS, || {
        converse(
            say(
                "let both talk over a link that loses, repeats and delays",
                "hizo hablar a los dos por un enlace que pierde, repite y demora",
            ),
            [&["hola", "todo bien?", "chau"], &["buenas", "hasta luego"]],
            bad(),
            300,
        );
    });
}

#[test]
fn step_7_talks_through_real_sockets() {
    exercise(&STEPS, || {
        // Or a missing step would be one of the program's threads.
        handle(&mut Session::begin(), Duration::ZERO, Event::Alarm);
        let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (ana, beto) = (socket(), socket());
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let target = beto.local_addr().unwrap();
        let shares = Shares { delay: 0.0, ..bad() };
        let link = BadLink::start(listen, target, shares, shares, 1).unwrap();
        let busy = Arc::new(AtomicUsize::new(2));
        let (begun, ladder) = (Instant::now(), Ladder::new("ana", "beto"));
        let world = Arc::new(Mutex::new((ladder, [Vec::new(), Vec::new()])));
        let texts = [&["hola", "todo bien?", "chau"][..], &["buenas"]];
        let peers = [Some(link.address()), None];
        let start = |i: usize, s: UdpSocket| {
            let (world, busy) = (Arc::clone(&world), Arc::clone(&busy));
            let (peer, texts) = (peers[i], texts[i]);
            beside(move || {
                run(&s, peer, texts, &busy, |action| {
                    let (ladder, shown) = &mut *world.lock().unwrap();
                    let action = [action.clone()];
                    ladder.actions(begun.elapsed(), i == 0, &action);
                    if let [Action::Show(text)] = action {
                        shown[i].push(text);
                    }
                    Ok(1)
                })
            })
        };
        let sides = [start(0, ana), start(1, beto)];
        // They end together. A slow machine may need more than one patience.
        let first = (0..2).any(|_| sides[0].wait().is_some());
        let ended = first && sides[1].wait().is_some();
        let (ladder, shown) = &*world.lock().unwrap();
        if !ended || shown[0] != texts[1] || shown[1] != texts[0] {
            let what = if ended {
                say("this was sent:", "esto se mandó:")
            } else {
                say("it has not ended:", "no terminó:")
            };
            Told {
                did: say(
                    "let two of your sessions talk through sockets and a bad link",
                    "hizo conversar a dos sesiones tuyas por sockets y un mal enlace",
                ),
                expected: say(
                    "each message is shown once, and in order",
                    "cada mensaje se muestra una vez, y en orden",
                ),
                came: &ladder.below(what),
                cause: say(
                    "In real time, your sessions do not agree as they do in virtual time: does anything in lib.rs depend on more than its arguments?",
                    "En tiempo real, tus sesiones no se entienden como en tiempo virtual: ¿algo en lib.rs depende de algo más que sus argumentos?",
                ),
            }
            .fail();
        }
    });
}
