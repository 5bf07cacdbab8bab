// What is on now and what is next, as time goes by: taken from the agenda below, so that nothing is asked for again.

export function followAgenda(section) {
  const ahead = new Date(section.dataset.at) - Date.now();
  const sessions = [...document.querySelectorAll(".slot > li:not(.cancelled)")].map((item) => {
    const [start, end] = [...item.querySelectorAll("time")].map((time) => new Date(time.dateTime).getTime());
    return { item, start, end };
  });
  const [now, next] = [section.querySelector(".on-now"), section.querySelector(".on-next")];
  let shown;

  const show = (list, some) =>
    list.replaceChildren(
      ...some.map(({ item }) => {
        const entry = document.createElement("li");
        for (const part of item.querySelectorAll(".title, .hours")) entry.append(part.cloneNode(true));
        return entry;
      }),
    );

  const draw = () => {
    const instant = Date.now() + ahead;
    const on = sessions.filter(({ start, end }) => start <= instant && instant < end);
    const first = Math.min(...sessions.map(({ start }) => start).filter((start) => start > instant));
    const following = sessions.filter(({ start }) => start === first);
    const drawn = [...on, null, ...following].map((session) => sessions.indexOf(session)).join();
    if (drawn === shown) return;
    shown = drawn;
    show(now, on);
    if (!on.length) now.append(Object.assign(document.createElement("li"), { textContent: now.dataset.none }));
    show(next, following);
    next.previousElementSibling.hidden = !following.length;
  };

  draw();
  setInterval(draw, 10_000);
}
