using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;
using CsCheck;
using Winnow.Model.Names;

namespace Winnow.Adapters.Tests.Names;

/// <summary>Names that mean the same are the same.</summary>
public sealed class TextFormTests
{
    [Theory]
    [InlineData("Cafe\u0301", "Caf\u00E9")]
    [InlineData("A\u030A", "\u00C5")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("s\u0323\u0307", "\u1E69")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("\uD558\u11AB", "\uD55C")]
    [InlineData("\u304B\u3099", "\u304C")]
    [InlineData("\u0438\u0306", "\u0439")]
    [InlineData("\uF900", "\u8C48")]
    [InlineData("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65")]
    [InlineData("plain", "plain")]
    public void Composed_is_Unicode_s_composed_form(string text, string composed) => Assert.Equal(composed, TextForm.Composed(text));

    [Fact]
    public void Half_a_pair_is_no_character() => Assert.Equal("\uFFFDx\u00E9", TextForm.Composed("\uD800xe\u0301"));

    [Fact]
    public void What_is_passed_over_as_composed_is_so()
    {
        // All pairs of characters of the blocks that are not looked at closer: the library leaves them as they are.
        int[] starts = [0x41, 0xE9, 0x24B, 0x400, 0x439, 0x482, 0x48A, 0x52F, 0x3041, 0x304B, 0x3096, 0x30A1, 0x30FA, 0x4E00, 0x9FFF,
            0xAC00, 0xAC1B, 0xD7A3];
        for (var c = 0; c < char.MaxValue; c++)
        {
            if (char.IsSurrogate((char)c)) continue;
            foreach (var start in starts)
            {
                var pair = string.Concat((char)start, (char)c);
                Assert.Equal(ENSNormalize.NF.NFC(pair), TextForm.Composed(pair));
            }
        }
    }

    [Fact]
    public void Composing_twice_changes_nothing_and_decomposing_first_neither() =>
        Gen.String[Gen.OneOf(Gen.Char['\0', '\uD7FF'], Gen.Char['\u0300', '\u036F']), 0, 12].Sample(text =>
    {
        var composed = TextForm.Composed(text);
        Assert.Equal(composed, TextForm.Composed(composed));
        Assert.Equal(composed, TextForm.Composed(ENSNormalize.NF.NFD(text)));
    });

    [Theory]
    [InlineData(" cat\u00A0", "cat")]
    [InlineData("\uFEFFcat\u200B\t", "cat")]
    [InlineData("two words", "two words")]
    public void Compared_has_no_blanks_around_it(string text, string compared) => Assert.Equal(compared, TextForm.Compared(text));

    [Theory]
    [InlineData("Cat", "CAT")]
    [InlineData("CAFE\u0301", "caf\u00E9")]
    [InlineData("Stra\u00DFe", "STRASSE")]
    [InlineData("\u03C3\u03C2", "\u03A3\u03A3")]
    [InlineData("\uFB01sh", "Fish")]
    [InlineData("ca\u00ADt", "cat")]
    [InlineData("ca\u200Bt", "cat")]
    [InlineData("\u0434\u043E\u043C", "\u0414\u041E\u041C")]
    [InlineData("\uD801\uDC28", "\uD801\uDC00")]
    public void Folded_sees_no_case_and_nothing_that_is_not_seen(string one, string other) =>
        Assert.Equal(TextForm.Folded(one), TextForm.Folded(other));

    [Theory]
    [InlineData("cat", "cats")]
    [InlineData("cafe", "caf\u00E9")]
    [InlineData("two words", "twowords")]
    public void Folded_tells_others_apart(string one, string other) => Assert.NotEqual(TextForm.Folded(one), TextForm.Folded(other));

    [Fact]
    public void The_class_library_alone_does_not_do_it()
    {
        // Once it does, the library that Winnow uses for it can go.
        Assert.False("Cafe\u0301".Normalize(NormalizationForm.FormC) == "Caf\u00E9", "The class library composes now.");
        Assert.Equal(CultureInfo.InvariantCulture, CultureInfo.CurrentCulture);
    }
}
