package dev.palimpsest.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.RealModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Rendered texts against transformers and Jinja itself (reference/chat_templates.py). */
class ChatTemplateTest {
  private static final JsonNode UNITS = TokenizerText.read("chat_templates_units.json");
  private static final JsonNode FAMILIES = TokenizerText.read("chat_templates_families.json");

  private static Clock clock(JsonNode document) {
    return Clock.fixed(Instant.parse(document.get("now").asString()), ZoneOffset.UTC);
  }

  private static Object value(JsonNode node) {
    if (node.isNull()) {
      return Values.NONE;
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(item -> list.add(value(item)));
      return list;
    }
    if (node.isObject()) {
      Map<Object, Object> map = new LinkedHashMap<>();
      node.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
      return map;
    }
    if (node.isBoolean()) {
      return node.asBoolean();
    }
    if (node.isIntegralNumber()) {
      return node.asLong();
    }
    return node.isNumber() ? (Object) node.asDouble() : node.asString();
  }

  @Test
  void render_units_areJinja() {
    Map<String, Object> variables = new LinkedHashMap<>();
    UNITS
        .get("variables")
        .properties()
        .forEach(e -> variables.put(e.getKey(), value(e.getValue())));
    List<String> wrong = new ArrayList<>();
    assertThat(UNITS.get("units").size()).isGreaterThan(60);
    for (JsonNode unit : UNITS.get("units")) {
      String template = unit.get("template").asString();
      String expected =
          unit.has("expected")
              ? unit.get("expected").asString()
              : "error: " + unit.get("error").asString();
      String found;
      try {
        found = ChatTemplate.parse(template, Map.of(), clock(UNITS)).render(variables);
      } catch (TemplateException e) {
        found = expected.equals("error: ") ? expected : "error: " + e.getMessage();
      }
      if (!found.equals(expected)) {
        wrong.add("\ntemplate " + template + "\nfound    " + found + "\nexpected " + expected);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void render_templatesOfRealModels_areTransformers() throws IOException, InterruptedException {
    Map<String, String> templates = realTemplates();
    List<List<Message>> conversations = conversations();
    Map<String, String> variables = new LinkedHashMap<>();
    FAMILIES
        .get("variables")
        .properties()
        .forEach(e -> variables.put(e.getKey(), e.getValue().asString()));
    Map<String, String> wrong = new TreeMap<>();
    int texts = 0;
    for (JsonNode row : FAMILIES.get("templates")) {
      String name = row.get("template").asString();
      for (int i = 0; i < row.get("results").size(); i++) {
        String expected = row.get("results").get(i).asString();
        String found = result(templates.get(name), variables, conversations.get(i / 2), i % 2 == 1);
        found = expected.equals("error") && found.startsWith("error") ? expected : found;
        texts += found.startsWith("error") ? 0 : 1;
        if (!found.equals(expected)) {
          wrong.putIfAbsent(name, "conversation " + i + ": " + found + ", expected " + expected);
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(FAMILIES.get("templates").size()).isGreaterThan(130);
    assertThat(texts).isGreaterThan(2000);
  }

  private static Map<String, String> realTemplates() throws IOException, InterruptedException {
    Map<String, byte[]> files = new TreeMap<>();
    files.putAll(RealPackages.files(RealPackages.TRL, path -> path.endsWith(".jinja")));
    files.putAll(
        RealPackages.files(
            RealPackages.LLAMA_CPP,
            path -> path.contains("/models/templates/") && path.endsWith(".jinja")));
    Map<String, String> templates = new TreeMap<>();
    files.forEach((path, bytes) -> templates.put(path, new String(bytes, StandardCharsets.UTF_8)));
    Object stored = StoredVocabulary.metadata(RealModel.gguf()).get("tokenizer.chat_template");
    templates.put("gguf", (String) stored);
    return templates;
  }

  private static List<List<Message>> conversations() {
    List<List<Message>> conversations = new ArrayList<>();
    for (JsonNode conversation : FAMILIES.get("conversations")) {
      List<Message> messages = new ArrayList<>();
      conversation.forEach(
          m -> messages.add(new Message(m.get("role").asString(), m.get("content").asString())));
      conversations.add(messages);
    }
    return conversations;
  }

  private static String result(
      String source, Map<String, String> variables, List<Message> messages, boolean reply) {
    try {
      ChatTemplate template = ChatTemplate.parse(source, variables, clock(FAMILIES));
      String text = reply ? template.renderForReply(messages) : template.render(messages);
      return text.codePointCount(0, text.length()) + " " + digest(text);
    } catch (TemplateException e) {
      return "error: " + e.getMessage();
    }
  }

  private static String digest(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void parse_unsupported_isRefusedByNameWithItsLine() {
    assertRefused("a\n{% include 'x' %}", "line 2: tag 'include' is not supported");
    assertRefused("{{ 1\n | urlize }}", "line 2: filter 'urlize' is not supported");
    assertRefused("\n\n{% for x in y recursive %}{% endfor %}", "line 3: a recursive loop");
    assertRefused("{% if x %}", "expected one of [elif, else, endif]");
    assertRefused("{{ 'abc' ", "unexpected end of template");
    assertRefused("{{ ) }}", "line 1: unexpected ')'");
    assertRefused("{% break %}", "'break' outside a loop");
  }

  private static void assertRefused(String source, String reason) {
    assertThatThrownBy(() -> ChatTemplate.parse(source, Map.of()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void render_unsupportedMethod_isRefusedByNameWithItsLine() {
    ChatTemplate template = ChatTemplate.parse("x\n{{ 'a'.zfill(3) }}", Map.of());

    assertThatThrownBy(() -> template.render(List.of()))
        .hasMessage("chat template, line 2: method str.zfill is not supported");
  }

  @Test
  void parse_withoutClock_leavesTheDateUndefined() {
    ChatTemplate template = ChatTemplate.parse("{{ strftime_now is defined }}", Map.of());

    assertThat(template.render(List.of())).isEqualTo("False");
  }

  @Test
  void renderForReply_addsTheOpeningOfTheReply() {
    String source =
        "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m['content'] }}\n{% endfor %}"
            + "{% if add_generation_prompt %}assistant:{% endif %}";
    ChatTemplate template = ChatTemplate.parse(source, Map.of("bos_token", "<s>"));
    List<Message> messages = List.of(new Message("user", "hi"));

    assertThat(template.render(messages)).isEqualTo("<s>user: hi\n");
    assertThat(template.renderForReply(messages)).isEqualTo("<s>user: hi\nassistant:");
  }
}
