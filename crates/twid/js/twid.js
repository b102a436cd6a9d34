// The script twin of the crate: the same answers from the same tables.
import { AREAS, LETTERS, WEIGHTS, ZONES } from './tables.js';

const INVISIBLE = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/g;
const SPACE = '[ \\t\\n\\r\\u00A0\\u2000-\\u200A\\u202F\\u205F\\u3000]';
const SPACES = new RegExp(SPACE, 'g');
const ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');
const DIGITS = /^[0-9]+$/;

const ok = (value, kind = null, advice = []) => ({ valid: true, reason: null, kind, value, advice });
const no = (reason) => ({ valid: false, reason });

function code(text) {
  const half = text.replace(INVISIBLE, '').replace(SPACES, ' ').replace(/[\uFF01-\uFF5E]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xFEE0));
  return half.replace(/^ +| +$/g, '').replace(/[a-z]/g, (c) => c.toUpperCase());
}

function person(text) {
  const value = code(text);
  if (!value) return no('empty');
  const chars = [...value];
  if (chars.length !== 10) return no('length');
  if (!/^[A-Z]$/.test(chars[0])) return no('format');
  const letter = (c) => LETTERS[c.charCodeAt(0) - 65];
  const old = /^[A-D]$/.test(chars[1]);
  if (!old && !DIGITS.test(chars[1])) return no('format');
  if (!chars.slice(2).every((c) => DIGITS.test(c))) return no('format');
  const first = letter(chars[0]);
  const digits = [Math.floor(first / 10), first % 10, old ? letter(chars[1]) % 10 : Number(chars[1]), ...chars.slice(2).map(Number)];
  const kind = old ? 'arc_old' : { 1: 'national_id', 2: 'national_id', 8: 'ui_number', 9: 'ui_number' }[chars[1]];
  if (!kind) return no('second_digit');
  if (digits.reduce((sum, d, i) => sum + d * WEIGHTS[i], 0) % 10) return no('checksum');
  return ok(value, kind, old ? ['old_residence_number'] : []);
}

const only = (found, ...kinds) => (!found.valid || kinds.includes(found.kind) ? found : no('other_kind'));

function company(text) {
  const value = code(text);
  if (!value) return no('empty');
  if ([...value].length !== 8) return no('length');
  if (!DIGITS.test(value)) return no('format');
  if (value === '00000000') return no('reserved');
  const weights = [1, 2, 1, 2, 1, 2, 4, 1];
  const sum = [...value].reduce((s, d, i) => s + Math.floor((d * weights[i]) / 10) + ((d * weights[i]) % 10), 0);
  return sum % 5 === 0 || (value[6] === '7' && (sum + 1) % 5 === 0) ? ok(value) : no('checksum');
}

function dateParts(text) {
  if (/^[0-9]{6,8}$/.test(text)) return [text.slice(0, -4), text.slice(-4, -2), text.slice(-2)];
  const split = (t) => t.split(/[/\-.,年月]/).map((p) => p.replace(/^ +| +$/g, ''));
  const plain = text.replace(/日+$/, '');
  if (plain.startsWith('-')) {
    const parts = split(plain.slice(1));
    if (parts.length === 3) return [`-${parts[0]}`, parts[1], parts[2]];
  }
  return split(plain);
}

function date(text) {
  let t = code(text);
  if (!t) return no('empty');
  if (t.startsWith('民國前')) return no('year_before_era');
  t = t.replace(/^(中華民國|民國)/, '').replace(/^西元/, '').replace(/^ +| +$/g, '');
  const parts = dateParts(t);
  if (parts.length !== 3) return no('format');
  if (!parts[1] && !parts[2]) return no(parts[0] ? 'month_day_missing' : 'format');
  const numbers = [];
  for (const [i, part] of parts.entries()) {
    if (!part) return no(['year_missing', 'month_missing', 'day_missing'][i]);
    if (!/^-?[0-9]{1,6}$/.test(part)) return no('not_a_number');
    numbers.push(Number(part));
  }
  const [year, month, day] = numbers;
  if (year < 1) return no('year_before_era');
  const gregorian = year >= 1000 && year <= 9999;
  const roc = gregorian ? year - 1911 : year;
  if (roc < 1) return no('year_before_era');
  if (roc > 199) return no('future_or_out_of_range_for_birth');
  if (month < 1 || month > 12) return no('month_range');
  const ce = roc + 1911;
  const leap = ce % 4 === 0 && (ce % 100 !== 0 || ce % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  if (day < 1 || day > days) return no('day_not_in_month');
  const two = (n) => String(n).padStart(2, '0');
  return ok(`${ce}-${two(month)}-${two(day)}`, null, gregorian ? ['gregorian_year_detected'] : []);
}

function name(text) {
  const visible = text.replace(INVISIBLE, '').replace(ENDS, '');
  if (!visible) return no('empty');
  const value = visible.replace(/\u3000/g, '');
  if (/[<>&"]/.test(value)) return no('markup');
  if (/[\u0000-\u001F\u007F-\u009F]/.test(value)) return no('control');
  if ([...value].length > 50) return no('length');
  if ([...value].length < 2) return no('one_character');
  const advice = [];
  if (/[□■〓\uFFFD]/.test(value)) advice.push('placeholder_glyph');
  if (/[\uE000-\uF8FF\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}]/u.test(value)) advice.push('private_use');
  return ok(value, null, advice);
}

function postcode(text) {
  const value = code(text).replace(/[ -]/g, '');
  if (!value) return no('empty');
  if (!DIGITS.test(value)) return no('format');
  if (![3, 5, 6].includes(value.length)) return no('length');
  const zone = Number(value.slice(0, 3));
  const holds = (codes) => codes.split(' ').some((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return from <= zone && zone <= to;
  });
  if (!ZONES.some(([, codes]) => holds(codes))) return no('no_such_district');
  return ok(value, null, value.length === 5 ? ['retired_3_plus_2'] : []);
}

function phone(text) {
  const whole = code(text);
  if (!whole) return no('empty');
  let main = whole;
  let extension = null;
  for (const mark of [';EXT=', '分機', '轉', 'EXT.', 'EXT', '#', 'X']) {
    const at = whole.indexOf(mark);
    if (at < 0) continue;
    main = whole.slice(0, at);
    extension = whole.slice(at + mark.length).replace(/^[ :.-]+|[ :.-]+$/g, '');
    if (!/^[0-9]{1,6}$/.test(extension)) return no('extension');
    break;
  }
  if (!/^[0-9+\-() ./]*$/.test(main)) return no('format');
  const international = main.startsWith('+');
  let digits = main.replace(/[^0-9]/g, '');
  if (international) {
    if (!digits.startsWith('886')) return no('not_taiwan');
    digits = `0${digits.slice(3).replace(/^0/, '')}`;
  }
  if (digits.length <= 4 && !international) return no(digits.length >= 3 && digits.startsWith('1') ? 'short_code' : 'length');
  if (!digits.startsWith('0')) return no(digits.length >= 6 && digits.length <= 8 ? 'area_code_missing' : 'format');
  let kind = 'landline';
  if (digits.startsWith('09') || digits.startsWith('0800') || digits.startsWith('0809')) {
    if (digits.length !== 10) return no('length');
    kind = digits.startsWith('09') ? 'mobile' : 'toll_free';
  } else {
    const area = AREAS.find(([a]) => digits.startsWith(a)) || (digits.startsWith('08') ? ['08', [7]] : null);
    if (!area) return no('no_such_area');
    if (!area[1].includes(digits.length - area[0].length)) return no('length');
  }
  return ok(`+886${digits.slice(1)}${extension === null ? '' : `;ext=${extension}`}`, kind);
}

const KINDS = {
  'person-id': person,
  'national-id': (t) => only(person(t), 'national_id'),
  'residence-id': (t) => only(person(t), 'ui_number', 'arc_old'),
  'company-id': company,
  'roc-date': date,
  name,
  postcode,
  phone,
};

// {valid, reason} or {valid, reason: null, kind, value, advice}.
export function check(kind, text) {
  return KINDS[kind](text);
}
