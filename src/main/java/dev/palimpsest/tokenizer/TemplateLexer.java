package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Lexeme.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into lexemes with the white space control that transformers sets: {@code
 * trim_blocks} drops the newline after a tag, {@code lstrip_blocks} the indentation before one, "-"
 * all white space on its side, "+" forbids both.
 */
final class TemplateLexer {
  private static final Pattern NUMBER =
      Pattern.compile(
          "(?<float>(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+))"
              + "|(?:\\d+_)*\\d+");
  private static final Pattern NAME = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern STRING =
      Pattern.compile(
          "'([^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+)'|\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"",
          Pattern.DOTALL);
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}<>=.:|,;]");

  private final String source;
  private final List<Lexeme> lexemes = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;

  private TemplateLexer(String source) {
    this.source = source;
  }

  /** The lexemes of a template, an {@code END} last. */
  static List<Lexeme> lex(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    TemplateLexer lexer = new TemplateLexer(source);
    lexer.root();
    lexer.add(Kind.END, "");
    return lexer.lexemes;
  }

  private void add(Kind kind, String text) {
    while (counted < at) {
      if (source.charAt(counted++) == '\n') {
        line++;
      }
    }
    lexemes.add(new Lexeme(kind, text, line));
  }

  private void root() {
    while (at < source.length()) {
      int open = nextOpening();
      if (open < 0) {
        add(Kind.TEXT, source.substring(at));
        at = source.length();
        return;
      }
      char kind = source.charAt(open + 1);
      char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
      boolean signed = sign == '-' || (sign == '+' && kind != '{');
      String text = source.substring(at, open);
      if (sign == '-') {
        text = PythonStrings.rstrip(text);
      } else if (sign != '+' && kind != '{') {
        text = withoutIndentation(text);
      }
      if (!text.isEmpty()) {
        add(Kind.TEXT, text);
      }
      at = open + (signed ? 3 : 2);
      switch (kind) {
        case '#' -> comment();
        case '{' -> {
          add(Kind.OUTPUT_BEGIN, "");
          expression("}}", Kind.OUTPUT_END);
        }
        default -> {
          add(Kind.TAG_BEGIN, "");
          expression("%}", Kind.TAG_END);
        }
      }
    }
  }

  private int nextOpening() {
    for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** The last line of a text, if it is blank and begins where a line of the source does. */
  private String withoutIndentation(String text) {
    int begin = text.lastIndexOf('\n') + 1;
    boolean atLineStart = begin > 0 || at == 0 || source.charAt(at - 1) == '\n';
    return atLineStart && PythonStrings.strip(text.substring(begin)).isEmpty()
        ? text.substring(0, begin)
        : text;
  }

  private void comment() {
    int close = source.indexOf("#}", at);
    if (close < 0) {
      throw TemplateException.syntax(line, "missing end of comment tag");
    }
    char sign = close > at ? source.charAt(close - 1) : ' ';
    at = close + 2;
    afterTag(sign);
  }

  private void afterTag(char sign) {
    if (sign == '-') {
      while (at < source.length() && PythonStrings.isSpace(source.charAt(at))) {
        at++;
      }
    } else if (sign != '+' && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void expression(String close, Kind end) {
    Deque<String> open = new ArrayDeque<>();
    while (true) {
      while (at < source.length() && PythonStrings.isSpace(source.charAt(at))) {
        at++;
      }
      if (at >= source.length()) {
        throw TemplateException.syntax(
            line, "unexpected end of template, expected '" + close + "'");
      }
      if (open.isEmpty() && closes(close, end)) {
        return;
      }
      lexeme(open);
    }
  }

  private boolean closes(String close, Kind end) {
    char sign = source.charAt(at);
    boolean signed = sign == '-' || (sign == '+' && end == Kind.TAG_END);
    int start = signed ? at + 1 : at;
    if (!source.startsWith(close, start)) {
      return false;
    }
    add(end, "");
    at = start + 2;
    if (end == Kind.TAG_END || sign == '-') {
      afterTag(sign);
    }
    return true;
  }

  private void lexeme(Deque<String> open) {
    Matcher matcher = NUMBER.matcher(source).region(at, source.length());
    if (Character.isDigit(source.charAt(at)) && matcher.lookingAt()) {
      boolean afterDot = at > 0 && source.charAt(at - 1) == '.';
      if (matcher.group("float") != null && !afterDot) {
        take(Kind.FLOAT, matcher.group().replace("_", ""), matcher.end());
      } else {
        Matcher digits = Pattern.compile("[\\d_]*\\d").matcher(source).region(at, source.length());
        digits.lookingAt();
        take(Kind.INTEGER, digits.group().replace("_", ""), digits.end());
      }
      return;
    }
    if (matcher.usePattern(NAME).lookingAt()) {
      take(Kind.NAME, matcher.group(), matcher.end());
    } else if (matcher.usePattern(STRING).lookingAt()) {
      String body = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
      take(Kind.STRING, PythonStrings.unescape(body), matcher.end());
    } else if (matcher.usePattern(OPERATOR).lookingAt()) {
      balance(matcher.group(), open);
      take(Kind.OPERATOR, matcher.group(), matcher.end());
    } else {
      add(Kind.END, "");
      throw TemplateException.syntax(line, "unexpected char '" + source.charAt(at) + "'");
    }
  }

  private void balance(String operator, Deque<String> open) {
    int opening = "([{".indexOf(operator);
    int closing = ")]}".indexOf(operator);
    if (opening >= 0) {
      open.push(")]}".substring(opening, opening + 1));
    } else if (closing >= 0 && (open.isEmpty() || !open.pop().equals(operator))) {
      throw TemplateException.syntax(line, "unexpected '" + operator + "'");
    }
  }

  private void take(Kind kind, String text, int end) {
    add(kind, text);
    at = end;
  }
}
