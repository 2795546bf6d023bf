package dev.palimpsest.merge;

import dev.palimpsest.tokenizer.ChatTemplate;
import dev.palimpsest.tokenizer.Message;
import java.util.List;
import java.util.Optional;

/**
 * A chat template in the language of Ollama's Modelfile (Go's text/template), for the templates
 * that put something before and after each message and nothing else. What that is shows in rendered
 * conversations; a template that renders others differently is not translated.
 *
 * @param start before all
 * @param unasked between it and the first message, where that is no system message
 * @param reply at the end, before an answer
 * @param trims whether the template cuts off white space around a message, which Go's does not
 */
record OllamaTemplate(
    String start,
    String unasked,
    Around system,
    Around user,
    Around assistant,
    String reply,
    boolean trims) {

  /** What stands before and after a message. */
  private record Around(String before, String after) {
    String of(String content) {
      return before + content + after;
    }
  }

  private static final String S = "Be7Qs brief.";
  private static final String U = "Which u8Kv train?";
  private static final String A = "The a3Xw last.";
  private static final Message SYSTEM = new Message("system", S);
  private static final Message USER = new Message("user", U);
  private static final Message ASSISTANT = new Message("assistant", A);

  /**
   * The template's parts, if it has no more than them.
   *
   * @param bos what the tokenizer puts before a text by itself; Ollama does so, too
   */
  static Optional<OllamaTemplate> of(ChatTemplate template, String bos) {
    try {
      OllamaTemplate parts = parts(template, bos);
      return parts.renders(template, bos) && parts.isPlain()
          ? Optional.of(parts)
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // it refuses one of the conversations, or hides a message
    }
  }

  private static OllamaTemplate parts(ChatTemplate template, String bos) {
    String two = template.render(List.of(USER, ASSISTANT));
    String one = template.render(List.of(USER));
    String three = template.render(List.of(USER, ASSISTANT, USER));
    String withSystem = template.render(List.of(SYSTEM, USER));
    String userAfter = after(one, U);
    String assistantAfter = after(two, A);
    String assistantBefore = between(two, U, A).substring(userAfter.length());
    String userBefore = last(three, A, U).substring(assistantAfter.length());
    String systemAfter = without(between(withSystem, S, U), userBefore);
    String systemBefore = before(withSystem, S);
    String head = without(before(one, U), userBefore);
    String start = systemBefore.startsWith(bos) && head.startsWith(bos) ? bos : "";
    String reply = template.renderForReply(List.of(USER)).substring(one.length());
    String padded = template.render(List.of(new Message("user", " " + U + "\n")));
    return new OllamaTemplate(
        start,
        head.substring(start.length()),
        new Around(systemBefore.substring(start.length()), systemAfter),
        new Around(userBefore, userAfter),
        new Around(assistantBefore, assistantAfter),
        reply,
        padded.equals(one));
  }

  private static String before(String text, String part) {
    return text.substring(0, at(text, part));
  }

  private static String after(String text, String part) {
    return text.substring(at(text, part) + part.length());
  }

  private static String between(String text, String left, String right) {
    return before(after(text, left), right);
  }

  private static String last(String text, String left, String right) {
    return between(text.substring(at(text, left)), left, right);
  }

  private static int at(String text, String part) {
    int at = text.indexOf(part);
    if (at < 0) {
      throw new IllegalArgumentException("a message is not shown");
    }
    return at;
  }

  private static String without(String text, String end) {
    if (!text.endsWith(end)) {
      throw new IllegalArgumentException("a message's beginning depends on the one before");
    }
    return text.substring(0, text.length() - end.length());
  }

  /** Whether the parts give what the template does. */
  private boolean renders(ChatTemplate template, String bos) {
    List<List<Message>> chats =
        List.of(
            List.of(USER),
            List.of(SYSTEM, USER),
            List.of(USER, ASSISTANT, USER),
            List.of(SYSTEM, USER, ASSISTANT, new Message("user", "No, I’d say: 1 + 1 = 2?")));
    return chats.stream()
        .allMatch(
            chat ->
                template.renderForReply(chat).equals(rendered(chat, start.isEmpty() ? "" : bos)));
  }

  private String rendered(List<Message> chat, String bos) {
    StringBuilder text = new StringBuilder(bos);
    if (!chat.getFirst().role().equals("system")) {
      text.append(unasked);
    }
    for (Message message : chat) {
      Around around =
          switch (message.role()) {
            case "system" -> system;
            case "user" -> user;
            default -> assistant;
          };
      text.append(around.of(message.content()));
    }
    return text.append(reply).toString();
  }

  /** Whether nothing in it would end a Modelfile's string, begin a Go action or be dropped. */
  private boolean isPlain() {
    String all = rendered(List.of(SYSTEM, USER, ASSISTANT), "") + unasked;
    return !all.contains("{{") && !all.contains("\"\"\"") && Modelfile.isKept(all);
  }

  /** In Go's language; what the tokenizer adds by itself is left out. */
  String go() {
    StringBuilder go = new StringBuilder();
    if (!unasked.isEmpty()) {
      go.append("{{ if ne (index .Messages 0).Role \"system\" }}")
          .append(unasked)
          .append("{{ end }}");
    }
    go.append("{{ range .Messages }}");
    append(go, "{{ if eq .Role \"system\" }}", system);
    append(go, "{{ else if eq .Role \"user\" }}", user);
    append(go, "{{ else if eq .Role \"assistant\" }}", assistant);
    return go.append("{{ end }}{{ end }}").append(reply).toString();
  }

  private static void append(StringBuilder go, String when, Around around) {
    go.append(when).append(around.of("{{ .Content }}"));
  }
}
