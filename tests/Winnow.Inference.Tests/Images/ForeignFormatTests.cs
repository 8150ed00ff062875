using System.Buffers.Binary;
using System.Text;

namespace Winnow.Inference.Tests.Images;

/// <summary>Files that are no image of a supported format: the refusal says what they are and what to do.</summary>
public sealed class ForeignFormatTests
{
    public static TheoryData<string, byte[]> Pictures() => new()
    {
        { "AVIF", Media("avif", "mif1", "miaf") },
        { "AVIF", Media("mif1", "avif", "miaf") },
        { "AVIF", Media("avis", "msf1", "iso8") },
        { "AVIF", Media("avif") },
        { "HEIC", Media("heic", "mif1") },
        { "HEIC", Media("heix") },
        { "HEIC", Media("hevc", "msf1") },
        { "HEIC", Media("mif1", "heic") },
        { "HEIC", Media("msf1", "miaf", "hevc") },
        { "HEIF", Media("mif1", "miaf") },
        { "CR3", Media("crx ", "isom") },
        { "JPEG XL", [0xff, 0x0a, 0, 0] }, { "JPEG XL", [0, 0, 0, 12, .. "JXL "u8, 13, 10, 0x87, 10] },
        { "JPEG 2000", [0, 0, 0, 12, .. "jP  "u8, 13, 10, 0x87, 10] }, { "JPEG 2000", [0xff, 0x4f, 0xff, 0x51, 0, 0x2f] },
        { "JPEG XR", [.. "II"u8, 0xbc, 1, 8, 0, 0, 0] },
        { "BigTIFF", [.. "II+\0"u8, 8, 0, 0, 0] }, { "BigTIFF", [.. "MM\0+"u8, 0, 8, 0, 0] },
        { "TIFF", Tiff(bigEndian: false) },
        { "TIFF", Tiff(bigEndian: true) },
        { "TIFF", [.. "II*\0"u8] },
        { "TIFF", Tiff(false, (0x010f, "NIKON CORPORATION")) },
        { "CR2", [.. "II*\0"u8, 16, 0, 0, 0, .. "CR"u8, 2, 0, .. new byte[20]] },
        { "DNG", Tiff(false, (0xc612, "")) },
        { "NEF", Tiff(true, (0x010f, "NIKON CORPORATION"), (0x014a, "")) },
        { "ARW", Tiff(false, (0x010f, "SONY"), (0x014a, "")) },
        { "PEF", Tiff(true, (0x010f, "PENTAX Corporation"), (0x014a, "")) },
        { "RAF", [.. "FUJIFILMCCD-RAW 0201"u8] }, { "ORF", [.. "IIRO"u8, 8, 0, 0, 0] }, { "RW2", [.. "IIU\0"u8, 24, 0, 0, 0] },
        { "PSD", [.. "8BPS"u8, 0, 1] },
        { "ICO", [0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0] },
        { "CUR", [0, 0, 2, 0, 1, 0, 16, 16, 0, 0, 1, 0] },
        { "TGA", [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 16, 0, 24, 0, .. new byte[768]] },
        { "TGA", [0, 0, 2, .. new byte[9], 1, 0, 1, 0, 24, 0x20, 1, 2, 3, .. new byte[8], .. "TRUEVISION-XFILE.\0"u8] },
        { "Netpbm", [.. "P6\n64 48\n255\n"u8] }, { "Netpbm", [.. "P5 # made by a scanner\n"u8] }, { "Netpbm", [.. "P7\nWIDTH 4\n"u8] },
        { "PCX", [10, 5, 1, 8, 0, 0, 0, 0] },
        { "QOI", [.. "qoif"u8, 0, 0, 0, 1] },
        { "OpenEXR", [0x76, 0x2f, 0x31, 1, 2, 0, 0, 0] },
        { "Radiance", [.. "#?RADIANCE\n"u8] },
        { "DICOM", [.. new byte[128], .. "DICM"u8, 2, 0] },
        { "FITS", [.. "SIMPLE  =                    T"u8] },
        { "DjVu", [.. "AT&TFORM"u8, 0, 0] },
        { "DDS", [.. "DDS "u8, 124, 0] },
        { "XCF", [.. "gimp xcf v011"u8, 0] },
        { "EPS", [0xc5, 0xd0, 0xd3, 0xc6, 30, 0] },
        { "PostScript", [.. "%!PS-Adobe-3.0 EPSF-3.0\n"u8] },
    };

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Pictures_in_other_formats_are_named(string name, byte[] file)
    {
        var reason = TestImages.Refusal(file);
        Assert.Contains(name, reason);
        Assert.EndsWith("which is not supported; convert it to JPEG, PNG, WebP, GIF or BMP.", reason);
    }

    public static TheoryData<string, byte[]> Others() => new()
    {
        { "a ZIP archive, not an image; unpack it", [.. "PK\u0003\u0004"u8, 20, 0] },
        { "gzip data, not an image; unpack it", [0x1f, 0x8b, 8, 0] },
        { "a tar archive, not an image; unpack it", [.. new byte[257], .. "ustar"u8, .. new byte[250]] },
        { "a 7z archive", [.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c] },
        { "a video (MP4), not an image; take still pictures", Media("isom", "iso2", "mp41") },
        { "a video (QuickTime)", Media("qt  ") },
        { "a video (AVI)", [.. "RIFF"u8, 0, 0, 1, 0, .. "AVI LIST"u8] },
        { "a video (Matroska or WebM)", [0x1a, 0x45, 0xdf, 0xa3, 1] }, { "sound (WAV)", [.. "RIFF"u8, 0, 0, 1, 0, .. "WAVEfmt "u8] },
        { "PDF, not an image", [.. "%PDF-1.7\n%"u8, 0xe2, 0xe3] },
        { "AppleDouble", [0, 5, 0x16, 7, 0, 2, 0, 0] },
        { ".DS_Store", [0, 0, 0, 1, .. "Bud1"u8, 0, 0] },
        { "OLE", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
        { "SQLite", [.. "SQLite format 3\0"u8] },
        { "NumPy", [0x93, .. "NUMPY"u8, 1, 0] },
        { "nothing but zeros; fetch it again", new byte[4096] },
        { "bytes were changed on their way", [0x89, .. "PNG\n"u8, 0x1a, 10, 0, 0, 0] },
        { "bytes were changed on their way", [(byte)'?', .. "PNG\r\n"u8, 0x1a, 10, 0, 0, 0] },
        { "read as text and written again", [0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd, 0, 16] },
        { "a JPEG that was read as text", Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(TestImages.Fixture("cmyk.jpg"))) },
        { "HTML text, not an image (it begins \"<!doctype html>", Text("  <!doctype html>\n<title>404</title>") },
        { "HTML text", Text("\ufeff<html><body><svg/></body></html>") },
        { "HTML text", [0xff, 0xfe, .. Encoding.Unicode.GetBytes("<html>gone")] },
        { "SVG", Text("<svg xmlns='http://www.w3.org/2000/svg'/>") },
        { "SVG", Text("<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<svg></svg>") },
        { "XML text", Text("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>") },
        { "JSON text", Text("{\"error\":\"no such picture\"}") },
        { "git lfs pull", Text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n") },
        { "git annex get", Text("/annex/objects/SHA256E-s12--ab.jpg\n") },
        { "decode it", Text("/9j/4AAQSkZJRgABAQAAAQ==") },
        { "decode what follows the comma", Text("data:image/png;base64,iVBORw0KGgo=") },
        { "text, not an image (it begins \"name,label\"", Text("name,label") },
        { "first bytes 0102030405060708", [1, 2, 3, 4, 5, 6, 7, 8, 9] },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void What_is_no_picture_is_named_with_what_to_do(string words, byte[] file) => Assert.Contains(words, TestImages.Refusal(file));

    [Fact]
    public void No_beginning_of_any_file_makes_the_namer_throw()
    {
        foreach (var row in Pictures().Concat(Others()))
        {
            var file = (byte[])row[1];
            for (var length = 0; length < Math.Min(file.Length, 400); length++)
                Assert.NotEmpty(TestImages.Refusal(file[..length]));
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(24)]
    [InlineData(36)]
    [InlineData(40)]
    [InlineData(42)]
    [InlineData(46)]
    [InlineData(48)]
    [InlineData(52)]
    [InlineData(56)]
    [InlineData(60)]
    [InlineData(64)]
    [InlineData(108)]
    [InlineData(124)]
    public void Bmp_is_read_with_the_header_of_any_version(int headerBytes)
    {
        var header = new byte[Math.Max(headerBytes, 40)];
        BinaryPrimitives.WriteInt32LittleEndian(header, headerBytes);
        if (headerBytes == 12)
        {
            (header[4], header[6], header[8], header[10]) = (8, 8, 1, 24);
        }
        else
        {
            (header[4], header[8], header[12], header[14]) = (8, 8, 1, 24);
        }
        header = header[..headerBytes];
        byte[] pixels = [.. Enumerable.Repeat<byte[]>([60, 30, 200], 64).SelectMany(p => p)];
        var start = new byte[14];
        "BM"u8.CopyTo(start);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(2), 14 + headerBytes + pixels.Length);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(10), 14 + headerBytes);
        var chw = TestImages.Tensor([.. start, .. header, .. pixels], 8);
        Assert.Equal([200, 30, 60], new[] { chw[0], chw[64], chw[128] }.Select(v => (int)MathF.Round(v)));
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Media(string major, params string[] compatible)
    {
        byte[] brands = [.. Encoding.ASCII.GetBytes(major), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(string.Concat(compatible))];
        return [0, 0, 0, (byte)(8 + brands.Length), .. "ftyp"u8, .. brands, .. new byte[40]];
    }

    /// <summary>A directory with text entries; what has no text is a number.</summary>
    private static byte[] Tiff(bool bigEndian, params (ushort Tag, string Text)[] entries)
    {
        var directory = new List<byte>();
        var texts = new List<byte>();
        var textsAt = 8 + 2 + (12 * entries.Length) + 4;
        Add(2, (uint)entries.Length);
        foreach (var (tag, text) in entries)
        {
            Add(2, tag);
            Add(2, text.Length == 0 ? 4u : 2u);
            Add(4, text.Length == 0 ? 1u : (uint)text.Length + 1);
            Add(4, text.Length is > 0 and < 4 ? 0 : (uint)(textsAt + texts.Count));
            texts.AddRange([.. Encoding.ASCII.GetBytes(text), 0]);
        }
        Add(4, 0);
        return [.. bigEndian ? "MM\0*"u8 : "II*\0"u8, .. bigEndian ? [0, 0, 0, 8] : new byte[] { 8, 0, 0, 0 }, .. directory, .. texts];

        void Add(int bytes, uint value)
        {
            for (var i = 0; i < bytes; i++)
                directory.Add((byte)(value >> (8 * (bigEndian ? bytes - 1 - i : i))));
        }
    }
}
