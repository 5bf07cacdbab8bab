// What a code says that is no ticket, for a door to say so in plain words. The same as `not_a_ticket` in
// services/registration/domain/tickets.py.

const KINDS = [
  [/^https?:\/\//i, "web_link"],
  [/^(BEGIN:VCARD|MECARD:|BIZCARD:)/i, "contact_card"],
  [/^(WIFI:|mailto:|tel:|sms(to)?:|geo:|BEGIN:VEVENT|BEGIN:VCALENDAR|MATMSG:|otpauth:|bitcoin:|BCD\n)/i, "other_code"],
];

// The name of the panel that says it, or null: it may be a ticket or a name.
export function notATicket(text) {
  const said = text.trim();
  const known = KINDS.find(([pattern]) => pattern.test(said));
  if (known) return known[1];
  return /[\n\u0000]/.test(said) ? "other_code" : null;
}
