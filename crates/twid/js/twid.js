// The script twin of the crate: the same answers from the same tables.
import { AREAS, LETTERS, WEIGHTS, ZONES } from './tables.js';

const INVISIBLE = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/g;
const SPACE = '[ \\t\\n\\r\\u00A0\\u2000-\\u200A\\u202F\\u205F\\u3000]';
const SPACES = new RegExp(SPACE, 'g');
const ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');
const DIGITS = /^[0-9]+$/;

const ok = (value, kind = null, advice = null) => ({ valid: true, reason: null, kind, value, advice: advice ? [advice].flat() : [] });
const no = (reason) => ({ valid: false, reason });
const trim = (text) => text.replace(/^ +| +$/g, '');
const code = (text) => trim(text.replace(INVISIBLE, '').normalize('NFKC').replace(SPACES, ' ').replace(/[a-z]/g, (c) => c.toUpperCase()));
const sum = (digits, weights, each = (n) => n) => digits.reduce((all, d, i) => all + each(d * weights[i]), 0);

function person(value) {
  if ([...value].length !== 10) return no('length');
  if (!/^[A-Z][A-D0-9][0-9]{8}$/.test(value)) return no('format');
  const letter = (at) => LETTERS[value.charCodeAt(at) - 65];
  const old = value[1] > '9';
  const kind = old ? 'arc_old' : { 1: 'national_id', 2: 'national_id', 8: 'ui_number', 9: 'ui_number' }[value[1]];
  if (!kind) return no('second_digit');
  // The second character of an old residence number counts by the units digit of its code.
  const digits = [...String(letter(0)), old ? letter(1) % 10 : value[1], ...value.slice(2)];
  return sum(digits, WEIGHTS) % 10 ? no('checksum') : ok(value, kind, old && 'old_residence_number');
}

const only = (...kinds) => (value) => {
  const found = person(value);
  return !found.valid || kinds.includes(found.kind) ? found : no('other_kind');
};

function company(value) {
  if ([...value].length !== 8) return no('length');
  if (!DIGITS.test(value)) return no('format');
  if (value === '00000000') return no('reserved');
  const rest = sum([...value], [1, 2, 1, 2, 1, 2, 4, 1], (n) => Math.floor(n / 10) + (n % 10)) % 5;
  return rest === 0 || (rest === 4 && value[6] === '7') ? ok(value) : no('checksum');
}

function numbers(text, era) {
  let parts = [text.slice(0, -4), text.slice(-4, -2), text.slice(-2)];
  if (!/^[0-9]{6,8}$/.test(text)) {
    // A leading sign belongs to the year when three numbers follow.
    const split = (t) => t.replace(/日+$/, '').split(/[/\-.,年月]/).map(trim);
    parts = split(text);
    const signed = text[0] === '-' ? split(text.slice(1)) : [];
    if (signed.length === 3) parts = [`-${signed[0]}`, signed[1], signed[2]];
  }
  if (parts.length !== 3) return 'format';
  if (!parts[1] && !parts[2]) return parts[0] ? 'month_day_missing' : 'format';
  if (era && parts[0] === '元') parts[0] = '1';
  for (const [i, part] of parts.entries()) {
    if (!part) return `${['year', 'month', 'day'][i]}_missing`;
    if (!/^-?[0-9]{1,6}$/.test(part)) return 'not_a_number';
  }
  return parts.map(Number);
}

function iso(year, month, day, advice) {
  if (month < 1 || month > 12) return no('month_range');
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? 28 + leap : 30 + ((month + (month > 7)) % 2);
  if (day < 1 || day > days) return no('day_not_in_month');
  const pad = (n, size) => String(n).padStart(size, '0');
  return ok(`${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`, null, advice);
}

const BEFORE = /^(中華民國前|民國前|民前)/;

function date(text) {
  if (BEFORE.test(text)) return no('year_before_era');
  const [, roc, western, rest] = /^(?:(中華民國|民國)|(西元|公元))?(.*)$/s.exec(text);
  const found = numbers(trim(rest), !western);
  if (typeof found === 'string') return no(found);
  let [year] = found;
  if (year < 1) return no('year_before_era');
  const four = year >= 1000 && year <= 9999 && !roc;
  if (!western && !four) year += 1911;
  if (year <= 1911) return no('year_before_era');
  if (year > 2110) return no('future_or_out_of_range_for_birth');
  return iso(year, found[1], found[2], four && !western && 'gregorian_year_detected');
}

function dateBefore(text) {
  const found = numbers(trim(text.replace(BEFORE, '')), true);
  if (typeof found === 'string') return no(found);
  const [year, month, day] = found;
  return year < 1 || year > 1911 ? no('years_before_era_range') : iso(1912 - year, month, day);
}

function name(text) {
  const visible = text.replace(INVISIBLE, '').replace(ENDS, '');
  if (!visible) return no('empty');
  // Between Han characters an ideographic space only fills the box; between Latin words it is a space of the name.
  const latin = /[\u0000-\u2E7F\uFF01-\uFF5E]{2}/;
  const value = visible.replace(/(.)\u3000+(?=(.))/gsu, (_, a, b) => a + (latin.test(a + b) ? ' ' : ''));
  if (/[<>&"]/.test(value)) return no('markup');
  if (/[\u0000-\u001F\u007F-\u009F]/.test(value)) return no('control');
  const { length } = [...value];
  if (length > 50) return no('length');
  if (length < 2) return no('one_character');
  const advice = [];
  if (/[□■〓\uFFFD]/.test(value)) advice.push('placeholder_glyph');
  if (/[\uE000-\uF8FF\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}]/u.test(value)) advice.push('private_use');
  return ok(value, null, advice);
}

function postcode(text) {
  const value = text.replace(/[ -]/g, '');
  if (!value) return no('empty');
  if (!DIGITS.test(value)) return no('format');
  if (![3, 5, 6].includes(value.length)) return no('length');
  const zone = value.slice(0, 3);
  const known = ZONES.split(' ').some((part) => {
    const [from, to = from] = part.split('-');
    return from <= zone && zone <= to;
  });
  return known ? ok(value, null, value.length === 5 && 'retired_3_plus_2') : no('no_such_district');
}

function line(digits) {
  const service = digits.startsWith('0800') || digits.startsWith('0809');
  if (service || digits.startsWith('09')) return digits.length === 10 && (service ? 'toll_free' : 'mobile');
  const [area, lengths] = AREAS.find(([start]) => digits.startsWith(start)) || [];
  return area ? lengths.includes(digits.length - area.length) && 'landline' : null;
}

function phone(text) {
  const [, number, mark, after] = /^(.*?)(?:(;EXT=|分機|轉|EXT\.|EXT|#|X)(.*))?$/s.exec(text);
  const extension = mark && after.replace(/^[ :.-]+|[ :.-]+$/g, '');
  if (mark && !/^[0-9]{1,6}$/.test(extension)) return no('extension');
  const [, plus, main] = /^(?:[( ]*(\+))?(.*)$/s.exec(number);
  if (!/^[0-9\-() ./]*$/.test(main)) return no('format');
  let digits = main.replace(/[^0-9]/g, '');
  if (plus) {
    if (!digits.startsWith('886')) return no('not_taiwan');
    digits = `0${digits.slice(3).replace(/^0/, '')}`;
  }
  const { length } = digits;
  if (length <= 4 && !plus) return no(length >= 3 && digits[0] === '1' ? 'short_code' : 'length');
  if (digits[0] !== '0') return no(length >= 6 && length <= 8 ? 'area_code_missing' : 'format');
  const kind = line(digits);
  if (!kind) return no(kind === null ? 'no_such_area' : 'length');
  return ok(`+886${digits.slice(1)}${mark ? `;ext=${extension}` : ''}`, kind);
}

const KINDS = {
  'person-id': person,
  'national-id': only('national_id'),
  'residence-id': only('ui_number', 'arc_old'),
  'company-id': company,
  'roc-date': date,
  'roc-date-before': dateBefore,
  postcode,
  phone,
};

// {valid, reason} or {valid, reason: null, kind, value, advice}.
export function check(kind, text) {
  if (kind === 'name') return name(text);
  const normal = code(text);
  return normal ? KINDS[kind](normal) : no('empty');
}
