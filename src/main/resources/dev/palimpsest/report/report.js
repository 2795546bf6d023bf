'use strict';
// The page is whole without this. With it, every item can be looked through, and the numbers of
// coloured tokens can be reached by keyboard.
(() => {
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  for (const text of document.querySelectorAll('.coloured')) {
    const tokens = [...text.querySelectorAll('span[title]')];
    const told = make('p', 'told', 'Left and right arrow keys go from token to token.');
    told.setAttribute('role', 'status');
    text.after(told);
    text.tabIndex = 0;
    let at = -1;
    const show = (next) => {
      if (next < 0 || next >= tokens.length) return;
      if (at >= 0) tokens[at].classList.remove('here');
      at = next;
      tokens[at].classList.add('here');
      tokens[at].scrollIntoView({ block: 'nearest' });
      told.textContent = '“' + tokens[at].textContent + '” ' + tokens[at].title;
    };
    text.addEventListener('keydown', (event) => {
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tokens.length - 1 };
      if (event.key in next && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        show(next[event.key]);
      }
    });
    text.addEventListener('click', (event) => show(tokens.indexOf(event.target)));
  }

  const packed = document.getElementById('item-data');
  if (!packed || !('DecompressionStream' in window)) return;
  const box = document.getElementById('explorer');
  const chosen = (name) => box.querySelector('[name=' + name + ']');
  const SIZE = 25;
  let parts = [];
  let found = [];
  let page = 0;

  const kinds = {
    changed: (m) => (m & 1) !== (m >> 1 & 1),
    lost: (m) => (m & 3) === 1,
    won: (m) => (m & 3) === 2,
    kept: (m) => (m & 3) === 3,
    neither: (m) => (m & 3) === 0,
    loops: (m) => (m & 8) > 0,
    trained: (m) => (m & 16) > 0,
    all: () => true,
  };

  const answer = (value, right, before) => (value === 1 ? right : value === 2 ? before : value);

  const read = (part, i) => {
    const set = part.set;
    const before = answer(part.before[i], set.right[i]);
    return {
      part, id: set.id[i], slice: set.slice[i], asked: set.asked[i], right: set.right[i], before,
      after: answer(part.after[i], set.right[i], before), marks: parseInt(part.marks[i], 32),
    };
  };

  const find = () => {
    const part = chosen('part').value;
    const has = kinds[chosen('outcome').value];
    const words = chosen('words').value.toLowerCase();
    found = [];
    parts.forEach((each, p) => {
      if (part !== 'all' && Number(part) !== p) return;
      for (let i = 0; i < each.marks.length; i++) {
        if (!has(parseInt(each.marks[i], 32))) continue;
        if (words) {
          const item = read(each, i);
          const text = [item.id, item.slice, item.asked, item.right, item.before, item.after];
          if (!text.some((t) => t && String(t).toLowerCase().includes(words))) continue;
        }
        found.push([p, i]);
      }
    });
    page = 0;
    show();
  };

  const pair = (list, kind, name, text) => {
    if (text === undefined || text === 0) return;
    const row = make('div', kind);
    row.append(make('dt', '', name), make('dd', '', text === '' ? '(empty)' : text));
    list.append(row);
  };

  const entry = ([p, i]) => {
    const item = read(parts[p], i);
    const li = make('li');
    const title = make('h3', '', item.id);
    const where = [item.part.arm, item.part.probe, item.slice || ''].filter((w) => w).join(' · ');
    title.append(' ', make('small', '', where));
    if (item.marks & 16) title.append(' ', make('small', 'flag', 'in the training data'));
    const list = make('dl');
    pair(list, 'asked', 'asked', item.asked);
    if (item.right !== item.before && item.right !== item.after) {
      pair(list, 'right', 'right answer', item.right);
    }
    [['before', 1, 4], ['after', 2, 8]].forEach(([side, right, loops]) => {
      const good = (item.marks & right) > 0;
      const loop = item.marks & loops ? ', endless repetition' : '';
      pair(list, 'answer ' + (good ? 'good' : 'bad'),
        side + (good ? ' ✓ right' : ' ✗ wrong') + loop, item[side] === 0 ? '' : item[side]);
    });
    li.append(title, list);
    return li;
  };

  const number = (n) => n.toLocaleString('en-US');

  const show = () => {
    const from = page * SIZE;
    const to = Math.min(from + SIZE, found.length);
    document.getElementById('explorer-items').replaceChildren(...found.slice(from, to).map(entry));
    document.getElementById('explorer-items').start = from + 1;
    document.getElementById('explorer-count').textContent = found.length
      ? 'Items ' + number(from + 1) + ' to ' + number(to) + ' of ' + number(found.length)
      : 'No item is like that.';
    chosen('previous').disabled = page === 0;
    chosen('next').disabled = to >= found.length;
  };

  const option = (select, value, text) => {
    const each = make('option', '', text);
    each.value = value;
    select.append(each);
  };

  const start = (data) => {
    parts = data.parts.map((part) => ({ ...part, set: data.sets[part.set] }));
    option(chosen('part'), 'all', 'all');
    parts.forEach((part, p) =>
      option(chosen('part'), p, [part.arm, part.probe].filter((w) => w).join(' · ')));
    chosen('part').addEventListener('change', find);
    chosen('outcome').addEventListener('change', find);
    chosen('words').addEventListener('input', find);
    const turn = (by) => {
      page += by;
      show();
      document.getElementById('explorer-count').scrollIntoView({ block: 'nearest' });
    };
    chosen('previous').addEventListener('click', () => turn(-1));
    chosen('next').addEventListener('click', () => turn(1));
    if (!parts.some((part) => [...part.marks].some((m) => kinds.changed(parseInt(m, 32))))) {
      chosen('outcome').value = 'all';
    }
    find();
    box.hidden = false;
    document.getElementById('without-script').hidden = true;
  };

  const bytes = Uint8Array.from(atob(packed.textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  new Response(stream).json().then(start);
})();
