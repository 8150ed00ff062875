using Winnow.Adapters.Objects.S3;

namespace Winnow.Adapters.Tests.Objects.S3;

/// <summary>Listings as servers write them, the careless ones too.</summary>
public sealed class S3ListingTests
{
    private static string Listing(string keys, string further = "") =>
        $"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{further}{keys}</ListBucketResult>";

    private static string Key(string key) => $"<Contents><Key>{key}</Key><ETag>\"e\"</ETag><Size>3</Size></Contents>";

    private static string[] KeysOf(string listing, string? after = null) => [.. S3Listing.Parse(listing, after).Entries.Select(e => e.Key)];

    [Theory]
    [InlineData("a\u0001b", "a\u0001b")]
    [InlineData("a\u001fb\ufffe", "a\u001fb\ufffe")]
    [InlineData("a&#x1;b", "a\u0001b")]
    [InlineData("a\nb", "a\nb")]
    [InlineData("a&#xD;b", "a\rb")]
    [InlineData("a%2Bb+c", "a%2Bb+c")]
    [InlineData(" ", " ")]
    [InlineData("a&amp;&lt;b", "a&<b")]
    public void Keys_that_are_not_encoded_are_taken_as_they_are(string written, string key) =>
        Assert.Equal([key, "next"], KeysOf(Listing(Key(written) + Key("next"))));

    [Theory]
    [InlineData("a%01b", "a\u0001b")]
    [InlineData("a%2Bb+c", "a+b c")]
    [InlineData("a%252Bb", "a%2Bb")]
    [InlineData("%C3%BC/%F0%9F%96%BC", "ü/🖼")]
    public void Keys_that_are_encoded_are_read(string written, string key) =>
        Assert.Equal([key], KeysOf(Listing(Key(written), "<EncodingType>url</EncodingType>")));

    [Fact]
    public void A_server_that_gives_the_same_page_again_is_not_asked_for_ever()
    {
        var page = Listing(Key("a") + Key("b"), "<IsTruncated>true</IsTruncated>");
        Assert.Equal(["a", "b"], KeysOf(page));
        Assert.Contains("start-after", Assert.Throws<IOException>(() => KeysOf(page, after: "b")).Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], KeysOf(page, after: "Z"));
    }

    [Theory]
    [InlineData("<html><body>There is nobody here.</body></html>")]
    [InlineData("{}")]
    [InlineData("")]
    public void What_is_no_listing_is_told_as_such(string answer) =>
        Assert.Contains("Is this an S3 server?", Assert.Throws<IOException>(() => KeysOf(answer)).Message, StringComparison.Ordinal);
}
