package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What kind of row a set of field names makes. */
enum Shape {
  /** Pairs of a better and a worse answer: known, not read. */
  PREFERENCE("prompt", "chosen", "rejected"),
  /** Role and content, as the OpenAI API and TRL have them. */
  MESSAGES("messages"),
  /** ShareGPT: from and value. */
  CONVERSATIONS("conversations", "system"),
  /** TRL's prompt and completion: two texts, or two lists of messages. */
  PAIR("prompt", "completion"),
  ALPACA("instruction", "input", "output", "system", "history"),
  TEXT("text"),
  UNKNOWN();

  private static final List<String> PROMPTS =
      List.of(
          "prompt",
          "question",
          "input",
          "query",
          "instruction",
          "source",
          "user",
          "problem",
          "request",
          "src",
          "article",
          "sentence");
  private static final List<String> COMPLETIONS =
      List.of(
          "completion",
          "answer",
          "output",
          "response",
          "target",
          "solution",
          "assistant",
          "reply",
          "summary",
          "label",
          "tgt",
          "chosen");
  private static final List<String> TEXTS =
      List.of("content", "body", "document", "passage", "article", "raw_content");
  private static final List<String> CHATS =
      List.of("conversation", "dialog", "dialogue", "chat", "turns");

  @SuppressWarnings("ImmutableEnumChecker") // never written after construction
  private final Set<String> fields;

  Shape(String... fields) {
    this.fields = new LinkedHashSet<>(List.of(fields));
  }

  /** The fields that a row of this shape may have, besides id and slice. */
  Set<String> fields() {
    return fields;
  }

  static Shape of(Set<String> names, ReadOptions.Purpose purpose) {
    boolean promptIsEnough = purpose == ReadOptions.Purpose.PROMPTS;
    if (names.contains("chosen") && names.contains("rejected")) {
      return PREFERENCE;
    }
    if (names.contains("messages")) {
      return MESSAGES;
    }
    if (names.contains("conversations")) {
      return CONVERSATIONS;
    }
    if (names.contains("prompt") && (promptIsEnough || names.contains("completion"))) {
      return PAIR;
    }
    if (names.contains("instruction") && (promptIsEnough || names.contains("output"))) {
      return ALPACA;
    }
    return names.contains("text") ? TEXT : UNKNOWN;
  }

  /** What to do about a row of no known shape: the mapping to give, where names tell it. */
  static String advice(Set<String> names) {
    String found = names.isEmpty() ? "no fields" : "fields " + String.join(", ", names);
    String expected =
        found
            + ": a row has messages, or prompt and completion, or text (or ShareGPT's or Alpaca's"
            + " fields)";
    return suggestion(names)
        .map(map -> expected + "; give --map " + map)
        .orElse(expected + "; give --map prompt=YOURS,completion=YOURS or --map text=YOURS");
  }

  private static Optional<String> suggestion(Set<String> names) {
    Optional<String> chat = first(CHATS, names, Set.of());
    if (chat.isPresent()) {
      return chat.map(c -> "messages=" + c);
    }
    Optional<String> prompt = first(PROMPTS, names, Set.of());
    Optional<String> completion = first(COMPLETIONS, names, prompt.map(Set::of).orElse(Set.of()));
    if (prompt.isPresent() && completion.isPresent()) {
      List<String> parts = new ArrayList<>();
      addUnlessSame(parts, "prompt", prompt.get());
      addUnlessSame(parts, "completion", completion.get());
      return Optional.of(String.join(",", parts));
    }
    return first(TEXTS, names, Set.of()).map(t -> "text=" + t);
  }

  private static void addUnlessSame(List<String> parts, String ours, String theirs) {
    if (!ours.equals(theirs)) {
      parts.add(ours + "=" + theirs);
    }
  }

  private static Optional<String> first(List<String> wanted, Set<String> names, Set<String> taken) {
    for (String want : wanted) {
      for (String name : names) {
        if (name.toLowerCase(Locale.ROOT).equals(want) && !taken.contains(name)) {
          return Optional.of(name);
        }
      }
    }
    return Optional.empty();
  }
}
