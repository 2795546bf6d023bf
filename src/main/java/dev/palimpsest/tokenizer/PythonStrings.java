package dev.palimpsest.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** What Python does with the characters of a string. */
final class PythonStrings {
  private PythonStrings() {}

  /** Python's str.isspace for one character. */
  static boolean isSpace(char c) {
    return (c >= 9 && c <= 13)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  static String strip(String text) {
    return lstrip(rstrip(text));
  }

  static String lstrip(String text) {
    int start = 0;
    while (start < text.length() && isSpace(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  static String rstrip(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String lstrip(String text, String characters) {
    int start = 0;
    while (start < text.length() && characters.indexOf(text.codePointAt(start)) >= 0) {
      start += Character.charCount(text.codePointAt(start));
    }
    return text.substring(start);
  }

  static String rstrip(String text, String characters) {
    int end = text.length();
    while (end > 0 && characters.indexOf(text.codePointBefore(end)) >= 0) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(0, end);
  }

  static List<String> characters(String text) {
    return text.codePoints().mapToObj(Character::toString).toList();
  }

  /** By code points, which Java's own order of UTF-16 is not. */
  static int compare(String left, String right) {
    int[] a = left.codePoints().toArray();
    int[] b = right.codePoints().toArray();
    return java.util.Arrays.compare(a, b);
  }

  /** Python's str.split() without a separator; negative {@code limit} is none. */
  static List<Object> splitSpace(String text, int limit) {
    List<Object> parts = new ArrayList<>();
    String rest = lstrip(text);
    while (!rest.isEmpty()) {
      int end = 0;
      while (end < rest.length() && !isSpace(rest.charAt(end))) {
        end++;
      }
      if (limit >= 0 && parts.size() == limit) {
        parts.add(rstrip(rest));
        return parts;
      }
      parts.add(rest.substring(0, end));
      rest = lstrip(rest.substring(end));
    }
    return parts;
  }

  static List<Object> split(String text, String separator, int limit) {
    List<Object> parts = new ArrayList<>();
    int start = 0;
    int found = text.indexOf(separator);
    while (found >= 0 && (limit < 0 || parts.size() < limit)) {
      parts.add(text.substring(start, found));
      start = found + separator.length();
      found = text.indexOf(separator, start);
    }
    parts.add(text.substring(start));
    return parts;
  }

  static List<Object> splitFromRight(String text, String separator, int limit) {
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int found = text.lastIndexOf(separator, end - separator.length());
    while (found >= 0 && (limit < 0 || parts.size() < limit)) {
      parts.addFirst(text.substring(found + separator.length(), end));
      end = found;
      found = end < separator.length() ? -1 : text.lastIndexOf(separator, end - separator.length());
    }
    parts.addFirst(text.substring(0, end));
    return parts;
  }

  static String replace(String text, String old, String fresh, int limit) {
    if (limit < 0) {
      return text.replace(old, fresh);
    }
    if (old.isEmpty()) {
      throw TemplateException.raised("replacing the empty string a limited number of times");
    }
    StringBuilder out = new StringBuilder();
    int start = 0;
    for (int i = 0; i < limit; i++) {
      int found = text.indexOf(old, start);
      if (found < 0) {
        break;
      }
      out.append(text, start, found).append(fresh);
      start = found + old.length();
    }
    return out.append(text.substring(start)).toString();
  }

  /** Python's str.splitlines. */
  static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean ends =
          (c >= 10 && c <= 13)
              || (c >= 0x1C && c <= 0x1E)
              || c == 0x85
              || c == 0x2028
              || c == 0x2029;
      if (ends) {
        lines.add(text.substring(start, i));
        i += c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? 1 : 0;
        start = i + 1;
      }
    }
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return lines;
  }

  /** First letter in title case, the others in lower case. */
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    int width = Character.charCount(first);
    return Character.toString(Character.toTitleCase(first)) + lower(text.substring(width));
  }

  /** Python's str.title: every run of cased letters begins with a capital. */
  static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inside = false;
    for (int c : text.codePoints().toArray()) {
      out.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inside = Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
    }
    return out.toString();
  }

  static String lower(String text) {
    return text.toLowerCase(java.util.Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(java.util.Locale.ROOT);
  }

  /** The value of a string literal's body. */
  static String unescape(String body) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < body.length(); i++) {
      char c = body.charAt(i);
      if (c != '\\' || i + 1 == body.length()) {
        out.append(c);
        continue;
      }
      char escape = body.charAt(++i);
      int plain = "\n\\'\"abfnrtv".indexOf(escape);
      int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
      if (plain == 0) {
        continue;
      }
      if (plain > 0) {
        out.append("\n\\'\"\u0007\b\f\n\r\t\u000b".charAt(plain));
      } else if (digits > 0 && i + digits < body.length()) {
        out.appendCodePoint(Integer.parseInt(body.substring(i + 1, i + 1 + digits), 16));
        i += digits;
      } else if (escape >= '0' && escape <= '7') {
        int end = i + 1;
        while (end < i + 3 && end < body.length() && "01234567".indexOf(body.charAt(end)) >= 0) {
          end++;
        }
        out.appendCodePoint(Integer.parseInt(body.substring(i, end), 8));
        i = end - 1;
      } else {
        out.append('\\').append(escape);
      }
    }
    return out.toString();
  }
}
