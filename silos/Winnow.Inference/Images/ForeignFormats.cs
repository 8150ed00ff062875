namespace Winnow.Inference.Images;

/// <summary>What can be done about a file that is no image of a supported format.</summary>
internal enum ForeignKind
{
    /// <summary>A picture in another format.</summary>
    Picture,

    /// <summary>Something else altogether.</summary>
    Other,

    /// <summary>Files in one file, or one that is packed.</summary>
    Archive,

    /// <summary>Moving pictures.</summary>
    Video,

    /// <summary>An image whose bytes were changed on their way.</summary>
    Damaged,

    /// <summary>A note of where the image is.</summary>
    Pointer,
}

/// <summary>Names files by the bytes that their formats begin with, so that whoever is refused knows what they have.</summary>
internal static class ForeignFormats
{
    private static readonly Magic[] Known =
    [
        // Pictures.
        new(0, "8BPS"u8, "Photoshop (PSD)", ForeignKind.Picture),
        new(0, "icns"u8, "an icon of macOS (ICNS)", ForeignKind.Picture),
        new(0, [0xff, 0x0a], "JPEG XL", ForeignKind.Picture),
        new(4, "JXL "u8, "JPEG XL", ForeignKind.Picture),
        new(4, "jP  "u8, "JPEG 2000", ForeignKind.Picture),
        new(0, [0xff, 0x4f, 0xff, 0x51], "JPEG 2000", ForeignKind.Picture),
        new(0, [(byte)'I', (byte)'I', 0xbc], "JPEG XR", ForeignKind.Picture),
        new(0, [0x8a, (byte)'M', (byte)'N', (byte)'G'], "MNG", ForeignKind.Picture),
        new(0, [0x8b, (byte)'J', (byte)'N', (byte)'G'], "JNG", ForeignKind.Picture),
        new(0, "BPG"u8, "BPG", ForeignKind.Picture),
        new(0, "FLIF"u8, "FLIF", ForeignKind.Picture),
        new(0, "qoif"u8, "QOI", ForeignKind.Picture),
        new(0, "farbfeld"u8, "farbfeld", ForeignKind.Picture),
        new(0, "gimp xcf"u8, "a GIMP project (XCF)", ForeignKind.Picture),
        new(0, [0x76, 0x2f, 0x31, 0x01], "OpenEXR", ForeignKind.Picture),
        new(0, "#?RADIANCE"u8, "Radiance HDR", ForeignKind.Picture),
        new(0, "#?RGBE"u8, "Radiance HDR", ForeignKind.Picture),
        new(0, "DDS "u8, "DDS", ForeignKind.Picture),
        new(0, [0xab, (byte)'K', (byte)'T', (byte)'X'], "a texture (KTX)", ForeignKind.Picture),
        new(0, [0x01, 0xda], "SGI", ForeignKind.Picture),
        new(0, [0x59, 0xa6, 0x6a, 0x95], "a Sun raster image", ForeignKind.Picture),
        new(0, "AT&TFORM"u8, "DjVu", ForeignKind.Picture),
        new(0, "SIMPLE  ="u8, "FITS", ForeignKind.Picture),
        new(128, "DICM"u8, "DICOM", ForeignKind.Picture),
        new(0, [0xd7, 0xcd, 0xc6, 0x9a], "a Windows metafile (WMF)", ForeignKind.Picture),
        new(40, " EMF"u8, "a Windows metafile (EMF)", ForeignKind.Picture),
        new(0, [0xc5, 0xd0, 0xd3, 0xc6], "PostScript (EPS)", ForeignKind.Picture),
        new(0, "%!PS"u8, "PostScript", ForeignKind.Picture),
        new(0, "BA"u8, "an OS/2 bitmap array", ForeignKind.Picture, then: 14, thenBytes: "BM"u8),
        // Raw data of cameras, where they do not begin as TIFF does.
        new(0, "FUJIFILMCCD-RAW"u8, "a camera raw file (RAF)", ForeignKind.Picture),
        new(0, "IIRO"u8, "a camera raw file (ORF)", ForeignKind.Picture),
        new(0, "IIRS"u8, "a camera raw file (ORF)", ForeignKind.Picture),
        new(0, "MMOR"u8, "a camera raw file (ORF)", ForeignKind.Picture),
        new(0, [(byte)'I', (byte)'I', (byte)'U', 0], "a camera raw file (RW2)", ForeignKind.Picture),
        new(6, "HEAPCCDR"u8, "a camera raw file (CRW)", ForeignKind.Picture),
        new(0, [0, (byte)'M', (byte)'R', (byte)'M'], "a camera raw file (MRW)", ForeignKind.Picture),
        new(0, "FOVb"u8, "a camera raw file (X3F)", ForeignKind.Picture),
        // Videos and sound.
        new(0, [0x1a, 0x45, 0xdf, 0xa3], "a video (Matroska or WebM)", ForeignKind.Video),
        new(0, "RIFF"u8, "a video (AVI)", ForeignKind.Video, then: 8, thenBytes: "AVI "u8),
        new(0, [0, 0, 1, 0xba], "a video (MPEG)", ForeignKind.Video),
        new(0, [0, 0, 1, 0xb3], "a video (MPEG)", ForeignKind.Video),
        new(0, [(byte)'F', (byte)'L', (byte)'V', 1], "a video (FLV)", ForeignKind.Video),
        new(0, [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], "a video (WMV)", ForeignKind.Video),
        new(4, "moov"u8, "a video (QuickTime)", ForeignKind.Video),
        new(4, "mdat"u8, "a video (QuickTime)", ForeignKind.Video),
        new(0, "OggS"u8, "Ogg", ForeignKind.Video),
        new(0, "RIFF"u8, "sound (WAV)", ForeignKind.Other, then: 8, thenBytes: "WAVE"u8),
        new(0, "ID3"u8, "sound (MP3)", ForeignKind.Other),
        new(0, "fLaC"u8, "sound (FLAC)", ForeignKind.Other),
        // Archives.
        new(0, "PK\u0003\u0004"u8, "a ZIP archive", ForeignKind.Archive),
        new(0, "PK\u0005\u0006"u8, "an empty ZIP archive", ForeignKind.Archive),
        new(0, [0x1f, 0x8b], "gzip data", ForeignKind.Archive),
        new(0, "BZh"u8, "bzip2 data", ForeignKind.Archive),
        new(0, [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "xz data", ForeignKind.Archive),
        new(0, [0x28, 0xb5, 0x2f, 0xfd], "zstd data", ForeignKind.Archive),
        new(0, [(byte)'7', (byte)'z', 0xbc, 0xaf, 0x27, 0x1c], "a 7z archive", ForeignKind.Archive),
        new(0, "Rar!"u8, "a RAR archive", ForeignKind.Archive),
        new(257, "ustar"u8, "a tar archive", ForeignKind.Archive),
        // What lies beside images.
        new(0, "%PDF"u8, "PDF", ForeignKind.Other),
        new(0, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "a document or thumbnail store of Windows (OLE)", ForeignKind.Other),
        new(0, [0, 5, 0x16, 7], "what macOS keeps beside a file (AppleDouble, \"._name\")", ForeignKind.Other),
        new(4, "Bud1"u8, "a .DS_Store of macOS", ForeignKind.Other),
        new(0, "SQLite format 3"u8, "an SQLite database", ForeignKind.Other),
        new(0, [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'], "a NumPy array", ForeignKind.Other),
        new(0, [0x89, (byte)'H', (byte)'D', (byte)'F'], "HDF5", ForeignKind.Other),
        new(0, [0x7f, (byte)'E', (byte)'L', (byte)'F'], "a program (ELF)", ForeignKind.Other),
        new(0, "MZ"u8, "a program of Windows", ForeignKind.Other, then: 78, thenBytes: "This program"u8),
        // Images that came to harm.
        new(1, "PNG"u8, "a PNG whose bytes were changed on their way, as when line ends are converted", ForeignKind.Damaged),
        new(0, [0xef, 0xbf, 0xbd], "data that were read as text and written again", ForeignKind.Damaged),
        new(0, [0xc3, 0xbf, 0xc3, 0x98, 0xc3, 0xbf], "a JPEG that was read as text and written again", ForeignKind.Damaged),
    ];

    /// <summary>What the file is; null when its bytes do not tell.</summary>
    public static (string Name, ForeignKind Kind)? Find(ReadOnlySpan<byte> bytes)
    {
        if (MediaBrands.Name(bytes) is { } media)
            return media;
        if (TiffFlavours.Name(bytes) is { } tiff)
            return (tiff, ForeignKind.Picture);
        foreach (var magic in Known)
        {
            if (magic.Fits(bytes))
                return (magic.Name, magic.Kind);
        }
        if (bytes.EndsWith("TRUEVISION-XFILE.\0"u8))
            return ("TGA", ForeignKind.Picture);
        if (IsIcon(bytes))
            return (bytes[2] == 1 ? "an icon (ICO)" : "a cursor (CUR)", ForeignKind.Picture);
        if (IsNetpbm(bytes))
            return ("Netpbm (PBM, PGM, PPM or PAM)", ForeignKind.Picture);
        if (bytes.Length > 4 && bytes[0] == 0x0a && bytes[1] <= 5 && bytes[2] == 1 && bytes[3] is 1 or 2 or 4 or 8)
            return ("PCX", ForeignKind.Picture);
        if (bytes.Length > 0 && bytes.IndexOfAnyExcept((byte)0) < 0)
            return ("nothing but zeros", ForeignKind.Damaged);
        return IsTga(bytes) ? ("TGA", ForeignKind.Picture) : null;
    }

    /// <summary>An icon says how many pictures it holds; TGA has zeros there.</summary>
    private static bool IsIcon(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 9 && (bytes[0] | bytes[1] | bytes[3]) == 0 && bytes[2] is 1 or 2 && (bytes[4] | bytes[5]) != 0 && bytes[9] == 0;

    private static bool IsNetpbm(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("P7\nWIDTH"u8))
            return true;
        var numbered = bytes.Length > 3 && bytes[0] == 'P' && bytes[1] is >= (byte)'1' and <= (byte)'6' && IsBlank(bytes[2]);
        return numbered && (IsBlank(bytes[3]) || bytes[3] == '#' || char.IsAsciiDigit((char)bytes[3]));
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    /// <summary>The first version of TGA has no mark: its header is believed where every field of it is sound.</summary>
    private static bool IsTga(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 18 && bytes[1] <= 1 && bytes[2] is 1 or 2 or 3 or 9 or 10 or 11 && bytes[16] is 8 or 15 or 16 or 24 or 32
        && (bytes[1] == 1) == (bytes[2] is 1 or 9) && (bytes[17] & 0xc0) == 0
        && (bytes[12] | bytes[13]) != 0 && (bytes[14] | bytes[15]) != 0;

    private sealed class Magic(
        int at, ReadOnlySpan<byte> bytes, string name, ForeignKind kind, int then = 0, ReadOnlySpan<byte> thenBytes = default)
    {
        private readonly byte[] _bytes = bytes.ToArray();
        private readonly byte[] _then = thenBytes.ToArray();

        public string Name => name;

        public ForeignKind Kind => kind;

        public bool Fits(ReadOnlySpan<byte> file) => HasAt(file, at, _bytes) && HasAt(file, then, _then);

        private static bool HasAt(ReadOnlySpan<byte> file, int at, byte[] wanted) =>
            file.Length >= at + wanted.Length && file.Slice(at, wanted.Length).SequenceEqual(wanted);
    }
}
