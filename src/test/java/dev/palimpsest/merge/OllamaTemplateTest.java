package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.tokenizer.ChatTemplate;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OllamaTemplateTest {
  private static ChatTemplate template(String source) {
    return ChatTemplate.parse(source, Map.of("bos_token", "<s>"));
  }

  @Test
  void of_chatMlWithASystemPromptOfItsOwn_isTranslated() {
    ChatTemplate own =
        template(
            "{% for m in messages %}{% if loop.first and m.role != 'system' %}"
                + "<|im_start|>system\nYou help.<|im_end|>\n{% endif %}"
                + "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");

    assertThat(OllamaTemplate.of(own, "").map(OllamaTemplate::go))
        .contains(
            """
            {{ if ne (index .Messages 0).Role "system" }}<|im_start|>system
            You help.<|im_end|>
            {{ end }}{{ range .Messages }}{{ if eq .Role "system" }}<|im_start|>system
            {{ .Content }}<|im_end|>
            {{ else if eq .Role "user" }}<|im_start|>user
            {{ .Content }}<|im_end|>
            {{ else if eq .Role "assistant" }}<|im_start|>assistant
            {{ .Content }}<|im_end|>
            {{ end }}{{ end }}<|im_start|>assistant
            """);
  }

  /** As Llama 3's: the tokenizer puts BOS first by itself, in Ollama too. */
  @Test
  void of_aTemplateThatBeginsWithBos_leavesItToTheTokenizer() {
    ChatTemplate headers =
        template(
            "{{ bos_token }}{% for m in messages %}<|h|>{{ m.role }}<|/h|>\n\n{{ m.content | trim"
                + " }}<|eot|>{% endfor %}{% if add_generation_prompt %}<|h|>assistant<|/h|>\n\n"
                + "{% endif %}");

    assertThat(OllamaTemplate.of(headers, "<s>").map(OllamaTemplate::go))
        .hasValueSatisfying(go -> assertThat(go).startsWith("{{ range .Messages }}"));
    assertThat(OllamaTemplate.of(headers, "<s>").orElseThrow().trims()).isTrue();
  }

  /** Ollama's parser would drop it. */
  @Test
  void of_aTemplateWithASpaceThatDoesNotBreak_isNotTranslated() {
    String source =
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"
            + "{% if add_generation_prompt %}<assistant>{% endif %}";

    assertThat(OllamaTemplate.of(template(source), "").orElseThrow().trims()).isFalse();
    assertThat(OllamaTemplate.of(template(source.replace("</>", "\u00a0</>")), "")).isEmpty();
  }

  /** As Gemma's and Mistral's: the system message is put into the user's. */
  @Test
  void of_aTemplateThatMovesMessages_isNotTranslated() {
    ChatTemplate moves =
        template(
            "{% set s = messages[0].content if messages[0].role == 'system' else '' %}"
                + "{% for m in messages if m.role != 'system' %}<{{ m.role }}>"
                + "{{ s if loop.index0 == 0 }}{{ m.content }}</>{% endfor %}"
                + "{% if add_generation_prompt %}<assistant>{% endif %}");
    ChatTemplate refuses =
        template(
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"
                + "{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}");

    assertThat(OllamaTemplate.of(moves, "")).isEmpty();
    assertThat(OllamaTemplate.of(refuses, "")).isEmpty();
  }
}
