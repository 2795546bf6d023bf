package dev.palimpsest.measure;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;

/** Items as unambiguous text, for hashes. */
final class Contents {
  private Contents() {}

  static String of(String kind, Prompt prompt, List<String> rest) {
    List<String> parts = new ArrayList<>();
    parts.add(kind);
    switch (prompt) {
      case Prompt.Raw raw -> {
        parts.add("raw");
        parts.add(raw.text());
      }
      case Prompt.Chat chat -> {
        parts.add("chat");
        chat.messages()
            .forEach(message -> parts.addAll(List.of(message.role(), message.content())));
      }
    }
    parts.add("completions");
    parts.addAll(rest);
    ArrayNode array = Json.mapper().createArrayNode();
    parts.forEach(array::add);
    return array.toString();
  }
}
